import { hostKeyActions, hostKeyDialog } from "../../text/hostKeyQuestion.ts";
import { compareFingerprint, type FingerprintComparison } from "../../trust/fingerprintComparison.ts";
import type { HostKeyQuestion } from "../../trust/hostKeyPorts.ts";

export interface HostKeyAsker {
  /** The first action has the focus. Undefined: cancelled. */
  choose(message: string, detail: string, actions: readonly string[]): Promise<string | undefined>;
  /** The fingerprint that the user has. Undefined: cancelled. */
  fingerprint(): Promise<string | undefined>;
  /** Shows the key as a picture, which stays while the question is shown again. */
  showPicture(question: HostKeyQuestion): Promise<void>;
}

/**
 * The question about an unknown host key, repeated until it is answered. A key that does not match the user's
 * fingerprint can't be accepted.
 *
 * @returns whether the key may be trusted; undefined: cancelled.
 */
export async function askAboutHostKey(
  question: HostKeyQuestion,
  asker: HostKeyAsker,
  signal: AbortSignal,
  home = "",
): Promise<boolean | undefined> {
  let comparison: FingerprintComparison | undefined;
  let pictured = false;
  while (!signal.aborted) {
    const { message, detail } = hostKeyDialog(question, home, comparison);
    const { accept, compare, picture } = hostKeyActions();
    const actions = actionsAfter(comparison, accept, compare);
    const answer = await asker.choose(message, detail, pictured ? actions : [...actions, picture]);
    if (answer === picture) {
      pictured = true;
      await asker.showPicture(question);
      continue;
    }
    if (answer !== compare) {
      return answer === accept ? true : undefined;
    }
    const given = signal.aborted ? undefined : await asker.fingerprint();
    comparison = given === undefined ? comparison : compareFingerprint(given, question.presented.key);
  }
  return undefined;
}

/** Enter must not trust a key without a comparison: the first button compares. */
function actionsAfter(
  comparison: FingerprintComparison | undefined,
  accept: string,
  compare: string,
): readonly string[] {
  switch (comparison) {
    case "matches":
      return [accept];
    case "differs":
      return [compare];
    case "no-fingerprint":
    case undefined:
      return [compare, accept];
  }
}
