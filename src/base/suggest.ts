import { distance } from "fastest-levenshtein";

/** The nearest candidates to a misspelt name, best first; none when nothing is near. */
export function nearest(name: string, candidates: Iterable<string>, limit = 3): string[] {
  const wanted = name.toLowerCase();
  // Two letters exchanged count as two: in names of five they are still the commonest slip.
  const allowed = Math.max(1, Math.round(name.length / 3));
  const ranked: { candidate: string; far: number }[] = [];
  for (const candidate of new Set(candidates)) {
    if (candidate === name) continue;
    const far = distance(wanted, candidate.toLowerCase());
    if (far <= allowed && far < name.length) ranked.push({ candidate, far });
  }
  ranked.sort((a, b) => a.far - b.far || a.candidate.localeCompare(b.candidate, "en"));
  return ranked.slice(0, limit).map((entry) => entry.candidate);
}

/** "did you mean `basic`?", or nothing when no candidate is near. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const names = nearest(name, candidates);
  if (names.length === 0) return undefined;
  return `did you mean ${names.map((near) => `\`${near}\``).join(" or ")}?`;
}
