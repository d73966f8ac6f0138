;; `fillNormal` of seeded.ts, four values at a time: the same operations in the same order, and so the same bits.
;; Made into src/weights/fill-normal.generated.ts by tools/generate.ts.
;;
;; Memory: the table of quantiles (2,049 float64) at 0, the list of groups with a value in the tail at 16,400, the values
;; from 65,536 on. An entry of the list has 32 bytes: the address of the group, 12 unused, its four times 32 random bits.
(module
  (memory (export "memory") 18)

  ;; Two values: the quantiles at both ends of cells a and b, the place in the cell, the deviation.
  (func $two (param $a i32) (param $b i32) (param $fraction v128) (param $deviation v128) (result v128)
    (local $ends_a v128) (local $ends_b v128) (local $low v128)
    (local.set $ends_a (v128.load align=8 (i32.shl (local.get $a) (i32.const 3))))
    (local.set $ends_b (v128.load align=8 (i32.shl (local.get $b) (i32.const 3))))
    (local.set $low (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $ends_a) (local.get $ends_b)))
    (f32x4.demote_f64x2_zero
      (f64x2.mul
        (f64x2.add
          (local.get $low)
          (f64x2.mul
            (f64x2.sub
              (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $ends_a) (local.get $ends_b))
              (local.get $low))
            (local.get $fraction)))
        (local.get $deviation))))

  ;; Writes `count` values, rounded up to a multiple of four, from the address `at` on. Returns the end of the list.
  (func (export "fill")
    (param $at i32) (param $count i32) (param $start i32) (param $stride i32)
    (param $before i32) (param $between i32) (param $deviation f64) (result i32)
    (local $end i32) (local $list i32)
    (local $counter v128) (local $step v128) (local $x v128) (local $cell v128) (local $bits v128)
    (local $key_before v128) (local $key_between v128) (local $deviations v128)
    (local.set $end (i32.add (local.get $at) (i32.shl (local.get $count) (i32.const 2))))
    (local.set $list (i32.const 16400))
    (local.set $counter
      (i32x4.add (i32x4.splat (local.get $start)) (i32x4.mul (v128.const i32x4 0 1 2 3) (i32x4.splat (local.get $stride)))))
    (local.set $step (i32x4.splat (i32.shl (local.get $stride) (i32.const 2))))
    (local.set $key_before (i32x4.splat (local.get $before)))
    (local.set $key_between (i32x4.splat (local.get $between)))
    (local.set $deviations (f64x2.splat (local.get $deviation)))
    (block $done
      (loop $group
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        ;; randomBits of random-bits.ts
        (local.set $x (v128.xor (local.get $counter) (local.get $key_before)))
        (local.set $x
          (i32x4.add
            (i32x4.mul (v128.xor (local.get $x) (i32x4.shr_u (local.get $x) (i32.const 16))) (i32x4.splat (i32.const 0x7feb352d)))
            (local.get $key_between)))
        (local.set $x
          (i32x4.mul (v128.xor (local.get $x) (i32x4.shr_u (local.get $x) (i32.const 15))) (i32x4.splat (i32.const 0x846ca68b))))
        (local.set $x (v128.xor (local.get $x) (i32x4.shr_u (local.get $x) (i32.const 16))))
        (local.set $counter (i32x4.add (local.get $counter) (local.get $step)))
        ;; Eleven bits for the cell, the rest for the place in it.
        (local.set $cell (i32x4.shr_u (local.get $x) (i32.const 21)))
        (local.set $bits (v128.and (local.get $x) (i32x4.splat (i32.const 0x1fffff))))
        (v128.store align=4
          (local.get $at)
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
            (call $two
              (i32x4.extract_lane 0 (local.get $cell))
              (i32x4.extract_lane 1 (local.get $cell))
              (f64x2.mul (f64x2.convert_low_i32x4_s (local.get $bits)) (f64x2.splat (f64.const 0x1p-21)))
              (local.get $deviations))
            (call $two
              (i32x4.extract_lane 2 (local.get $cell))
              (i32x4.extract_lane 3 (local.get $cell))
              (f64x2.mul
                (f64x2.convert_low_i32x4_s (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $bits) (local.get $bits)))
                (f64x2.splat (f64.const 0x1p-21)))
              (local.get $deviations))))
        ;; The first and the last cell have no end: the host makes those values (one in 1,024).
        (if
          (v128.any_true
            (v128.or
              (i32x4.eq (local.get $cell) (v128.const i32x4 0 0 0 0))
              (i32x4.eq (local.get $cell) (i32x4.splat (i32.const 2047)))))
          (then
            (i32.store (local.get $list) (local.get $at))
            (v128.store offset=16 (local.get $list) (local.get $x))
            (local.set $list (i32.add (local.get $list) (i32.const 32)))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $group)))
    (local.get $list)))
