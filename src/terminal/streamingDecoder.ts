import { StringDecoder } from "node:string_decoder";
import { SshSessionsError } from "../base/errors.ts";
import { isHighSurrogate } from "./surrogates.ts";

/**
 * Decodes bytes of the server, however they were split into chunks. One per stream; it keeps an incomplete character.
 */
export interface StreamingDecoder {
  write(data: Uint8Array): string;
  /** Returns the rest when the stream ends: an incomplete character becomes U+FFFD. */
  end(): string;
}

/** Encodes typed or pasted text. One per stream; it keeps the first half of a surrogate pair. */
export interface InputEncoder {
  write(text: string): Uint8Array;
}

export interface TextCodec {
  readonly encoding: string;
  createDecoder(): StreamingDecoder;
  createEncoder(): InputEncoder;
}

export type EncodingErrorReason =
  | "unknown"
  /** Known, but not compatible with ASCII (UTF-16, UTF-7): no terminal can use it. */
  | "not-ascii-compatible";

/** The encoding in a setting can't be used. */
export class EncodingError extends SshSessionsError<EncodingErrorReason> {
  static override readonly name = "EncodingError";

  static is(error: unknown): error is EncodingError {
    return error instanceof EncodingError;
  }
}

/** Invalid bytes become U+FFFD exactly as in a local terminal, whose pty reader uses the same StringDecoder. */
export const utf8Codec: TextCodec = {
  encoding: "utf-8",
  createDecoder() {
    const decoder = new StringDecoder("utf8");
    return {
      write: (data) => decoder.write(Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
      end: () => decoder.end(),
    };
  },
  createEncoder() {
    let held = "";
    return {
      write(text) {
        const whole = held + text;
        const cut = isHighSurrogate(whole.charCodeAt(whole.length - 1)) ? whole.length - 1 : whole.length;
        held = whole.slice(cut);
        return Buffer.from(whole.slice(0, cut), "utf8");
      },
    };
  },
};

/** Must be encoded unchanged: otherwise neither escape sequences nor Enter would work. */
const asciiProbe = "\u001b[1;31mA~z\r\n\t\u0003";

/**
 * The codec for an encoding by any of its usual names (`utf-8`, `iso-8859-15`, `shift_jis`, `gb18030`, …). The
 * tables, which take milliseconds to load, are loaded only for other encodings than UTF-8.
 *
 * @throws EncodingError
 */
export async function loadTextCodec(encoding: string): Promise<TextCodec> {
  if (/^(utf-?8)?$/i.test(encoding.trim())) {
    return utf8Codec;
  }
  const { default: iconv } = await import("iconv-lite");
  if (!iconv.encodingExists(encoding)) {
    throw new EncodingError("unknown", "Unknown character encoding");
  }
  if (!iconv.encode(asciiProbe, encoding).equals(Buffer.from(asciiProbe, "latin1"))) {
    throw new EncodingError("not-ascii-compatible", "Not an encoding for terminals");
  }
  return {
    encoding,
    createDecoder() {
      let decoder: { write(data: Buffer): string; end(): string | undefined; prevBytes?: number[] };
      const renew = (): void => {
        decoder = iconv.getDecoder(encoding, { stripBOM: false });
      };
      renew();
      let held: Uint8Array = Buffer.alloc(0);
      return {
        write(data) {
          const text = decoder.write(Buffer.concat([held, data]));
          // Its double byte decoder allocates one character per byte of the chunk, so it drops the last character
          // when bytes kept from the previous chunk become characters, too. It must not keep any.
          held = Uint8Array.from(decoder.prevBytes ?? []);
          if (held.length > 0) {
            renew();
          }
          return text;
        },
        end: () => decoder.write(Buffer.from(held)) + (decoder.end() ?? ""),
      };
    },
    createEncoder() {
      const encoder = iconv.getEncoder(encoding, { addBOM: false });
      return { write: (text) => encoder.write(text) };
    },
  };
}
