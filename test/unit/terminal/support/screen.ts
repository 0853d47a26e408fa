import { Unicode11Addon } from "@xterm/addon-unicode11";
import xterm from "@xterm/headless";

/** A headless terminal, with Unicode 11 widths as VS Code has by default. */
export class Screen {
  readonly terminal: xterm.Terminal;
  /** Everything that the terminal sent back. */
  readonly replies: string[] = [];
  readonly titles: string[] = [];

  constructor(columns = 40, rows = 12) {
    this.terminal = new xterm.Terminal({
      cols: columns,
      rows,
      scrollback: 500,
      allowProposedApi: true,
      logLevel: "off",
    });
    this.terminal.loadAddon(new Unicode11Addon() as unknown as xterm.ITerminalAddon);
    this.terminal.unicode.activeVersion = "11";
    this.terminal.onData((data) => this.replies.push(data));
    this.terminal.onTitleChange((title) => this.titles.push(title));
  }

  write(text: string): Promise<void> {
    return new Promise((resolve) => this.terminal.write(text, resolve));
  }

  /** Both buffers with scrollback, every cell with its attributes, the cursor and the modes. */
  dump(): string {
    const { normal, alternate, active } = this.terminal.buffer;
    return JSON.stringify({
      normal: dumpBuffer(normal),
      alternate: dumpBuffer(alternate),
      active: active.type,
      modes: this.terminal.modes,
      titles: this.titles,
    });
  }

  /** The lines of the active buffer with scrollback, without trailing blanks. */
  text(): string {
    const buffer = this.terminal.buffer.active;
    const lines: string[] = [];
    for (let row = 0; row < buffer.length; row++) {
      lines.push(buffer.getLine(row)?.translateToString(true) ?? "");
    }
    return lines.join("\n").trimEnd();
  }

  dispose(): void {
    this.terminal.dispose();
  }
}

function dumpBuffer(buffer: xterm.IBuffer): unknown {
  const lines: string[] = [];
  const cell = buffer.getNullCell();
  for (let row = 0; row < buffer.length; row++) {
    const line = buffer.getLine(row);
    let text = line?.isWrapped ? "~" : "";
    for (let column = 0; column < (line?.length ?? 0); column++) {
      line?.getCell(column, cell);
      text += `${cell.getChars()}|${cell.getWidth()},${cell.getFgColorMode()}:${cell.getFgColor()},${cell.getBgColorMode()}:${cell.getBgColor()},${cell.isBold()}${cell.isItalic()}${cell.isUnderline()}${cell.isInverse()}${cell.isDim()}${cell.isStrikethrough()} `;
    }
    lines.push(text);
  }
  return { lines, x: buffer.cursorX, y: buffer.cursorY, base: buffer.baseY };
}
