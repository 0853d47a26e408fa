/** One block of a PEM file (RFC 7468). */
export interface PemBlock {
  /** `EC PRIVATE KEY` */
  readonly label: string;
  /** The block with its first and last line, for OpenSSL. */
  readonly pem: string;
  /** The text between them: base64, in old files after header lines. */
  readonly body: string;
}

const begin = /^-----BEGIN ([A-Z0-9 ]{1,64})-----\s*$/;

/** Text before the first BEGIN on its line, such as a byte order mark, is skipped. */
const mark = "-----BEGIN ";

const privateKey = /^(?:OPENSSH |RSA |EC |DSA |ENCRYPTED )?PRIVATE KEY$/;

/**
 * The private key in a file, as OpenSSL finds it for `ssh`: text and other blocks before it are skipped, such as the
 * EC PARAMETERS that `openssl ecparam -genkey` writes first. Without a private key, the first block of any kind;
 * undefined without a complete block.
 */
export function privateKeyBlock(text: string): PemBlock | undefined {
  let other: PemBlock | undefined;
  let open: { readonly label: string; readonly lines: string[] } | undefined;
  for (const line of text.split(/\r\n|\r|\n/)) {
    const at = line.indexOf(mark);
    const label = at < 0 ? undefined : begin.exec(line.slice(at))?.[1];
    if (label !== undefined) {
      open = { label, lines: [] };
    } else if (open !== undefined && line.startsWith(`-----END ${open.label}-----`)) {
      const body = `${open.lines.join("\n")}\n`;
      const block = {
        label: open.label,
        pem: `-----BEGIN ${open.label}-----\n${body}-----END ${open.label}-----\n`,
        body,
      };
      if (privateKey.test(open.label)) {
        return block;
      }
      other ??= block;
      open = undefined;
    } else {
      open?.lines.push(line);
    }
  }
  return other;
}
