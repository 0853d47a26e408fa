/** Everything that the fakes of this process were asked to show since it started: a test limits their sum. */
export const shownSoFar = {
  /** Lines of all `RecordingLogger`s. */
  logLines: 0,
  /** Questions to the user, by any prompter. */
  questions: 0,
};
