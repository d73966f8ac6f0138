/** Widths of letters in Helvetica and Arial, in parts of the font's size: enough for boxes that hold their text in any viewer. */
const NARROW = /[ijlI.,:;'|!()[\]/ ]/;
const WIDE = /[mwMW@%]/;
const CAPITAL = /[A-Z_+=<>#&×…]/;
/** Other fonts are wider. */
const RESERVE = 1.06;

/** How wide a text is drawn, in pixels, or a little less. */
export function textWidth(text: string, sizeInPixels: number): number {
  let width = 0;
  for (const letter of text) {
    const code = letter.codePointAt(0) ?? 0;
    width += NARROW.test(letter) ? 0.3 : WIDE.test(letter) ? 0.88 : CAPITAL.test(letter) ? 0.7 : code > 0x2e7f ? 1 : 0.56;
  }
  return width * sizeInPixels * RESERVE;
}

/** The text, cut where it would be wider. */
export function fittedText(text: string, sizeInPixels: number, widestInPixels: number): string {
  if (textWidth(text, sizeInPixels) <= widestInPixels) return text;
  let kept = "";
  for (const letter of text) {
    if (textWidth(`${kept}${letter}…`, sizeInPixels) > widestInPixels) break;
    kept += letter;
  }
  return `${kept}…`;
}
