import { toldDirectory } from "./remotePaths.ts";

/**
 * Control sequences by which a shell tells its directory: OSC 7, OSC 9;9 (ConEmu), OSC 633;P;Cwd= (VS Code) and OSC
 * 1337;CurrentDir= (iTerm2). VS Code takes what they say for a directory of the local machine.
 */
const directory =
  /(?:\u001b\]|\u009d)0*(?:7;|9;9;|633;P;Cwd=|1337;CurrentDir=)[^\u0007\u0018\u001a\u001b\u0080-\u009f]*(?:\u0007|\u009c|\u001b\\|(?=[\u0018\u001a\u001b\u0080-\u009f]))/g;
/** Longer ones tell no directory. */
const longest = 8192;

/**
 * Takes directories of the remote machine out of the output, so that VS Code neither offers them as local ones nor
 * opens the next terminal there. All other shell integration passes. What may be the beginning of such a sequence at
 * the end of a chunk is kept for the next one.
 */
export class DirectoryFilter {
  #held = "";
  #directory: string | undefined;

  /** Where the shell said last that it is, on its own machine; undefined: it said nothing that makes sense. */
  get directory(): string | undefined {
    return this.#directory;
  }

  filter(text: string): string {
    if (
      this.#held === "" &&
      !text.includes("\u001b]") &&
      !/[\u001b\u009d]/.test(text.slice(-1)) &&
      !text.includes("\u009d")
    ) {
      return text;
    }
    const all = this.#held + text;
    // ESC at the very end may be half of the string terminator, or the beginning of the next sequence.
    const half = all.endsWith("\u001b") ? all.length - 1 : all.length;
    const passed = all.slice(0, half).replace(directory, (sequence) => {
      // Without the introducer and what ends it.
      const body = sequence.replace(/^(?:\u001b\]|\u009d)/, "").replace(/[\u0007\u009c]$|\u001b\\$/, "");
      this.#directory = toldDirectory(body);
      return "";
    });
    const at = unfinished(passed);
    const whole = passed + all.slice(half);
    const keep = at >= 0 && whole.length - at <= longest ? at : passed.length;
    this.#held = whole.slice(keep);
    return whole.slice(0, keep);
  }

  /** What was kept, when nothing follows. */
  flush(): string {
    const held = this.#held;
    this.#held = "";
    return held;
  }
}

/** Where a sequence begins that the end of `text` leaves open and that may tell a directory; -1: nowhere. */
function unfinished(text: string): number {
  const seven = text.lastIndexOf("\u001b]");
  const at = Math.max(seven, text.lastIndexOf("\u009d"));
  if (at >= 0) {
    const rest = text.slice(at);
    const introducer = at === seven ? 2 : 1;
    const body = rest.slice(introducer);
    if (!/[\u0007\u0018\u001a\u0080-\u009f]|\u001b./s.test(body)) {
      const head = body.replace(/^0+/, "");
      const heads = ["7;", "9;9;", "633;P;Cwd=", "1337;CurrentDir="];
      if (heads.some((name) => name.startsWith(head) || head.startsWith(name))) {
        return at;
      }
    }
  }
  return -1;
}
