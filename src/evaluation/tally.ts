/** Counts of answers that were compared with labels. */
export interface Counts {
  readonly classes: number;
  readonly images: number;
  /** Images whose label is not the most probable class. */
  readonly wrong: number;
  /** Images whose label is not among the five most probable classes; absent with five classes or fewer, where it says nothing. */
  readonly wrong5: number | undefined;
  /** Of each class: images with this label, and how many of them were wrong. */
  readonly perClass: readonly { readonly images: number; readonly wrong: number; readonly wrong5: number | undefined }[];
  /** [label, answer], row-major: images with this label that were taken for this class. */
  readonly confusion: Uint32Array;
}

/** Compares answers with labels, one image at a time. */
export interface Tally {
  /**
   * @param probabilities one for each class; of equal ones the first counts as the greater
   * @returns true where the label is the most probable class
   */
  add(label: number, probabilities: ArrayLike<number>): boolean;
  counts(): Counts;
}

/** An answer that is this far down is still right for the top-5 error. */
const FIVE = 5;

export function createTally(classes: number): Tally {
  const confusion = new Uint32Array(classes * classes);
  const wrong5 = new Uint32Array(classes);
  return {
    add(label, probabilities) {
      const own = probabilities[label] as number;
      let answer = 0;
      let better = 0;
      for (let index = 0; index < classes; index++) {
        const other = probabilities[index] as number;
        if (other > (probabilities[answer] as number)) answer = index;
        if (other > own || (other === own && index < label)) better++;
      }
      const place = label * classes + answer;
      confusion[place] = (confusion[place] as number) + 1;
      if (better >= FIVE) wrong5[label] = (wrong5[label] as number) + 1;
      return answer === label;
    },
    counts() {
      const perClass = Array.from({ length: classes }, (_, label) => {
        const row = confusion.subarray(label * classes, (label + 1) * classes);
        const images = sum(row);
        return { images, wrong: images - (row[label] as number), wrong5: classes > FIVE ? (wrong5[label] as number) : undefined };
      });
      return {
        classes,
        images: sum(confusion),
        wrong: perClass.reduce((all, each) => all + each.wrong, 0),
        wrong5: classes > FIVE ? sum(wrong5) : undefined,
        perClass,
        confusion,
      };
    },
  };
}

/** Images of one class that were taken for another. */
export interface Confusion {
  readonly label: number;
  readonly answer: number;
  readonly images: number;
}

/** Every mistake that was made, the most frequent first; equally frequent ones in the order of their labels and answers. */
export function confusionsOf({ classes, confusion }: Pick<Counts, "classes" | "confusion">): readonly Confusion[] {
  const all: Confusion[] = [];
  confusion.forEach((images, place) => {
    const [label, answer] = [Math.floor(place / classes), place % classes];
    if (images > 0 && label !== answer) all.push({ label, answer, images });
  });
  return all.sort((one, other) => other.images - one.images);
}

function sum(values: Uint32Array): number {
  return values.reduce((all, value) => all + value, 0);
}
