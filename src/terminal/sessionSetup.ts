import { parseEscapeCharacter } from "./escapeInterpreter.ts";
import { EncodingError, loadTextCodec, type TextCodec, utf8Codec } from "./streamingDecoder.ts";
import type { TerminalSettings } from "./terminalControllerTypes.ts";
import type { TerminalPhrases } from "./terminalPhrases.ts";

export interface SessionSetup {
  readonly codec: TextCodec;
  readonly escapeCharacter: string;
  readonly escapeCommandLine: boolean;
  readonly mainScreenOnly: boolean;
  /** A line for the terminal about an unusable setting. */
  readonly complaint: string | undefined;
}

/** The settings of one session. Unreadable or unusable ones are replaced by the defaults. */
export async function sessionSetup(
  settings: Promise<TerminalSettings>,
  phrases: TerminalPhrases,
): Promise<SessionSetup> {
  const {
    encoding = "utf-8",
    escapeChar = "~",
    escapeCommandLine = false,
    mainScreenOnly = false,
  } = (await settings.catch(() => undefined)) ?? {};
  let codec = utf8Codec;
  let complaint: string | undefined;
  try {
    codec = await loadTextCodec(encoding);
  } catch (error) {
    if (!EncodingError.is(error)) {
      throw error;
    }
    complaint = phrases.unknownEncoding(encoding, error.message);
  }
  const escapeCharacter = parseEscapeCharacter(escapeChar) ?? "~";
  return { codec, escapeCharacter, escapeCommandLine, mainScreenOnly, complaint };
}
