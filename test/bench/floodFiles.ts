import { writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface FloodFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

const mebibyte = 1024 * 1024;

interface Kind {
  readonly bytes: number;
  readonly piece: (index: number) => string;
}

/** What people let run over their screens. */
const kinds: Readonly<Record<string, Kind>> = {
  "log lines": {
    bytes: 64 * mebibyte,
    piece: (index) =>
      `2025-03-01T12:${twoDigits(index)}:07.${index % 1000}Z INFO [worker-${index % 16}] GET /api/items/${index} 200 in ${index % 97} ms\n`,
  },
  "coloured output": {
    bytes: 64 * mebibyte,
    piece: (index) =>
      `\u001b[32m✓\u001b[0m \u001b[1msuite ${index % 300}\u001b[22m \u001b[38;5;${index % 256}mcase ${index}\u001b[39m \u001b[2m(${index % 40} ms)\u001b[0m\n`,
  },
  // With 64 MiB of it VS Code's own terminal stops for ever.
  "one endless line": {
    bytes: 16 * mebibyte,
    piece: (index) => `{"id":${index},"name":"item ${index}","tags":["a","b"],"price":${index % 1000}.5},`,
  },
  "wide characters": {
    bytes: 64 * mebibyte,
    piece: (index) => `${index} 日本語の長い行と中文字符 한국어 😀👍🏽 ｆｕｌｌ ${twoDigits(index)}\n`,
  },
};

export async function writeFloodFiles(folder: string): Promise<readonly FloodFile[]> {
  const files: FloodFile[] = [];
  for (const [name, { bytes, piece }] of Object.entries(kinds)) {
    const parts: Buffer[] = [];
    let size = 0;
    for (let index = 0; size < bytes; index++) {
      const part = Buffer.from(piece(index));
      parts.push(part);
      size += part.length;
    }
    const path = join(folder, `${name.replaceAll(" ", "-")}.txt`);
    await writeFile(path, Buffer.concat(parts));
    files.push({ name, path, bytes: size });
  }
  return files;
}

function twoDigits(index: number): string {
  return String(index % 60).padStart(2, "0");
}
