/** A process that answers one question after the other, so that two cores have work and memory goes back between tests. */
import { answer } from "./standard-answers.ts";
import type { Question } from "./standard-answers.ts";

process.on("message", (question: Question) => void answer(question).then((outcome) => process.send?.(outcome)));
