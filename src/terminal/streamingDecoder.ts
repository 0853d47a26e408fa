import { StringDecoder } from "node:string_decoder";
import { SshSessionsError } from "../base/errors.ts";
import { isHighSurrogate } from "./surrogates.ts";

/** Bytes from the server to text, whatever way they were cut into chunks. One per stream; it keeps what is incomplete. */
export interface StreamingDecoder {
  write(data: Uint8Array): string;
  /** What is left when the stream ends: an incomplete character becomes U+FFFD. */
  end(): string;
}

/** Text that was typed or pasted to bytes. One per stream; it keeps the first half of a surrogate pair. */
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
  /** Known, but ASCII does not stand for itself in it (UTF-16, UTF-7): no terminal can use it. */
  | "not-ascii-compatible";

/** The encoding that a setting names can't be used. */
export class EncodingError extends SshSessionsError<EncodingErrorReason> {
  static is(error: unknown): error is EncodingError {
    return error instanceof EncodingError;
  }
}

/** Invalid bytes become U+FFFD exactly as in a local terminal, whose pty reader decodes with the same StringDecoder. */
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

/** What must stand for itself: without it neither escape sequences nor Enter would work. */
const asciiProbe = "\u001b[1;31mA~z\r\n\t\u0003";

/**
 * The codec for an encoding by any of its usual names (`utf-8`, `iso-8859-15`, `shift_jis`, `gb18030`, …). The tables
 * are loaded only when another encoding than UTF-8 is asked for: they take milliseconds.
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
          // Its double byte decoder makes room for one character per byte of the chunk, and so drops the last one when
          // bytes that it kept from the chunk before become characters, too. It must not keep any.
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
