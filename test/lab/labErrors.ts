/** The machine lacks something that a lab host needs. The message ends with the command that installs it. */
export class LabMissingError extends Error {
  constructor(what: string, command: string) {
    super(`${what} is missing on this machine. Install it with:\n  ${command}`);
    this.name = "LabMissingError";
  }
}
