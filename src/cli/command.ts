import { Command as BaseCommand } from "commander";

/** A command whose action gives its exit code (nothing means 0); commander itself drops what actions return. */
export class Command extends BaseCommand {
  readonly #finish: (exitCode: number) => void;

  constructor(name: string | undefined, finish: (exitCode: number) => void) {
    super(name);
    this.#finish = finish;
  }

  override createCommand(name?: string): Command {
    return new Command(name, this.#finish);
  }

  override action(run: (this: this, ...args: never[]) => number | Promise<number> | void | Promise<void>): this {
    return super.action(async (...args) => {
      const exitCode = await run.apply(this, args as never[]);
      this.#finish(exitCode ?? 0);
    });
  }
}
