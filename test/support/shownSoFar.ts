/** What the fakes of this process were given to show, since it began: a test bounds the sum of all of them. */
export const shownSoFar = {
  /** Lines of all `RecordingLogger`s. */
  logLines: 0,
  /** Questions to a person, by whatever prompter. */
  questions: 0,
};
