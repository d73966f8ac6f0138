/** The words that cannot be names. */
export const reservedWords: readonly string[] = [
  "use", "as", "network", "block", "recipe", "let", "input", "output", "shortcuts", "require", "expect",
  "if", "else", "for", "in", "from", "x", "and", "or", "not", "true", "false",
];
