import { remoteText } from "../../../base/remoteText.ts";
import { WireReader, wireString, wireUint32 } from "../../../base/wire.ts";

/** Messages of user authentication (RFC 4252 section 6, RFC 4256 section 5, RFC 8308 section 2.3). */
export const authMessage = {
  serviceAccept: 6,
  extInfo: 7,
  request: 50,
  failure: 51,
  success: 52,
  banner: 53,
  /** SSH_MSG_USERAUTH_PK_OK, PASSWD_CHANGEREQ or INFO_REQUEST, depending on the method. */
  methodSpecific: 60,
  infoResponse: 61,
} as const;

/** Texts of a server are cut to this length before any other processing. */
export const longestText = 4096;

/** The most questions that PAM can ask at once (PAM_MAX_NUM_MSG). */
const mostPrompts = 32;

export function encodeRequest(user: string, method: string, ...fields: readonly Uint8Array[]): Buffer {
  return Buffer.concat([
    Buffer.of(authMessage.request),
    wireString(user),
    wireString("ssh-connection"),
    wireString(method),
    ...fields,
  ]);
}

export function encodeInfoResponse(answers: readonly string[]): Buffer {
  return Buffer.concat([
    Buffer.of(authMessage.infoResponse),
    wireUint32(answers.length),
    ...answers.map((answer) => wireString(answer)),
  ]);
}

/** Undefined: malformed. */
export function parseFailure(
  payload: Buffer,
): { readonly methodsLeft: readonly string[]; readonly partialSuccess: boolean } | undefined {
  const reader = new WireReader(payload, 1);
  const names = reader.string();
  const partialSuccess = reader.boolean();
  return names === undefined || partialSuccess === undefined
    ? undefined
    : {
        methodsLeft: cut(names)
          .split(",")
          .filter((name) => name !== ""),
        partialSuccess,
      };
}

/** The text of a banner or of a request to change the password. Undefined: malformed. */
export function parseText(payload: Buffer): string | undefined {
  const text = new WireReader(payload, 1).string();
  return text === undefined ? undefined : cut(text, 4 * longestText);
}

/** Undefined: malformed. */
export function parsePkOk(
  payload: Buffer,
): { readonly algorithm: string; readonly blob: Buffer } | undefined {
  const reader = new WireReader(payload, 1);
  const algorithm = reader.string();
  const blob = reader.string();
  return algorithm === undefined || blob === undefined ? undefined : { algorithm: cut(algorithm), blob };
}

export interface InfoRequest {
  readonly name: string;
  readonly instructions: string;
  readonly prompts: readonly { readonly prompt: string; readonly echo: boolean }[];
}

/** Undefined: malformed, or too many questions. */
export function parseInfoRequest(payload: Buffer): InfoRequest | undefined {
  const reader = new WireReader(payload, 1);
  const name = reader.string();
  const instructions = reader.string();
  const language = reader.string();
  const count = reader.uint32();
  if (
    name === undefined ||
    instructions === undefined ||
    language === undefined ||
    count === undefined ||
    count > mostPrompts
  ) {
    return undefined;
  }
  const prompts: { prompt: string; echo: boolean }[] = [];
  while (prompts.length < count) {
    const prompt = reader.string();
    const echo = reader.boolean();
    if (prompt === undefined || echo === undefined) {
      return undefined;
    }
    prompts.push({ prompt: cut(prompt), echo });
  }
  return { name: cut(name), instructions: cut(instructions), prompts };
}

const link = /https?:\/\//i;

/**
 * The text shown beside the input boxes of a request: its instructions, and each question with a link, because links
 * in an input box can't be clicked.
 */
export function instructionOf(request: InfoRequest): string {
  const linked = request.prompts.map(({ prompt }) => prompt).filter((prompt) => link.test(prompt));
  return [request.name, request.instructions, ...linked].filter((part) => part.trim() !== "").join("\n");
}

/** The server's `server-sig-algs` (RFC 8308 section 3.1); `names` is undefined when it is not among them. */
export function parseExtInfo(payload: Buffer): { readonly names: readonly string[] | undefined } | undefined {
  const reader = new WireReader(payload, 1);
  const count = reader.uint32();
  if (count === undefined) {
    return undefined;
  }
  let names: readonly string[] | undefined;
  for (let index = 0; index < count; index++) {
    const name = reader.string();
    const value = reader.string();
    if (name === undefined || value === undefined) {
      return undefined;
    }
    if (name.length === 15 && name.toString("latin1") === "server-sig-algs") {
      names = cut(value).split(",");
    }
  }
  return { names };
}

/** Text from the wire, cut; an incomplete character at the end is left out. */
function cut(bytes: Buffer, limit = longestText): string {
  return remoteText(bytes.subarray(0, limit), bytes.length > limit);
}
