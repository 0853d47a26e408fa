/** Something that the tests need is missing and can't be installed without asking. `command` would install it. */
export class MissingRequirementError extends Error {
  readonly command: string;

  constructor(what: string, command: string) {
    super(`${what}\nRun this, then try again:\n\n    ${command}\n`);
    this.name = "MissingRequirementError";
    this.command = command;
  }
}
