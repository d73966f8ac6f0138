"""The first values of a seeded tensor, worked out anew from the description in src/weights: integers of Python for the bits
and mpmath's inverse error function for the quantiles, in place of the table's Taylor series.

    seeded_values.py SEED NAME COUNT  ->  one number a line, standard deviation 1
"""
import sys

import mpmath as mp

MASK = 0xFFFFFFFF
mp.mp.dps = 40


def mix(counter, before, between):
    x = (counter ^ before) & MASK
    x = ((x ^ (x >> 16)) * 0x7FEB352D + between) & MASK
    x = ((x ^ (x >> 15)) * 0x846CA68B) & MASK
    return x ^ (x >> 16)


def key(seed, name):
    low, high = seed & MASK, (seed >> 32) & MASK
    a = mix(low, 0x243F6A88, high)
    b = mix(high, 0x13198A2E, low)
    for index, character in enumerate(name):
        a = mix(ord(character), a, b)
        b = mix(a, b, index)
    return a, mix(len(name), b, a)


def quantile(tail):
    """The x that a standard normal value passes with this probability."""
    return mp.sqrt(2) * mp.erfinv(1 - 2 * mp.mpf(tail))


def between_quantiles(low_tail, high_tail, fraction):
    low, high = quantile(low_tail), quantile(high_tail)
    return low + (high - low) * fraction


def value(bits, before, between):
    cell, fraction = bits >> 21, mp.mpf(bits & 0x1FFFFF) / 2**21
    if 0 < cell < 2047:
        return between_quantiles(1 - mp.mpf(cell) / 2048, 1 - mp.mpf(cell + 1) / 2048, fraction)
    fresh = mix(bits, between, before)
    rest, room = mp.mpf(2) ** -11, 32
    for level in range(3):
        room -= 7
        tail_cell = fresh >> room
        fresh &= (1 << room) - 1
        if tail_cell < 127 or level == 2:
            break
        rest /= 128
    width = rest / 128
    after = rest - width * (tail_cell + 1)
    # The last cell of all ends at the quantile of its middle.
    if after == 0:
        after = width / 2
    x = between_quantiles(rest - width * tail_cell, after, mp.mpf(fresh) / 2**room)
    return -x if cell == 0 else x


def main():
    seed, name, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    before, between = key(seed, name)
    for index in range(count):
        print(mp.nstr(value(mix(index, before, between), before, between), 17))


main()
