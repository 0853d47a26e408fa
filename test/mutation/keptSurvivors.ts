/** A survivor that stays, and why. A mutant that begins on this line of this file is meant, whatever it changes. */
export interface KeptSurvivor {
  readonly file: string;
  /** The whole line, without its indentation. */
  readonly line: string;
  readonly reason: string;
}

const compilerOnly = "only the compiler needs it: the value is always there";
const twoGuards = "two checks guard this, and either is enough";
const cost = "it costs time or memory, and changes no result";
const log = "a line of the log";

/** `[line, reason]` for each. */
function inFile(file: string, ...kept: readonly (readonly [string, string])[]): readonly KeptSurvivor[] {
  return kept.map(([line, reason]) => ({ file, line, reason }));
}

export const keptSurvivors: readonly KeptSurvivor[] = [
  ...inFile(
    "src/engine/channels/channel.ts",
    [
      "return this.#remoteId !== undefined && !this.#closeSent && !this.#closeReceived && !this.#lost;",
      "nobody has a channel before it is confirmed",
    ],
    [
      "...(this.#remoteId !== undefined && { remoteId: this.#remoteId }),",
      "nobody has a channel before it is confirmed",
    ],
    [
      "if (this.#remoteId !== undefined && !this.#closeSent && !this.#lost) {",
      "nothing is sent on a channel before it is confirmed",
    ],
    ["if (this.isOpen) {", twoGuards],
    ["if (!closedByUs) {", twoGuards],
    ["if (!this.#eofReceived) {", twoGuards],
    ["if (this.#ended) {", twoGuards],
    ["this.#ended = true;", twoGuards],
    [
      "for (const emitter of [this.#received, this.#gotEof, this.#closed, this.#drained]) {",
      "nothing is fired after the end",
    ],
    ["emitter.dispose();", "nothing is fired after the end"],
  ),
  ...inFile("src/engine/channels/channelOpening.ts", [
    'signal.addEventListener("abort", this.#onAbort, { once: true });',
    "a signal fires once",
  ]),
  ...inFile(
    "src/engine/channels/channelStream.ts",
    ["super({ highWaterMark: 64 * 1024 });", "the default of Node 22 is the same"],
    ["this.#closed = true;", twoGuards],
    ["if (!this.readableEnded) {", "a stream that has ended takes a second end"],
  ),
  ...inFile(
    "src/engine/channels/channelTable.ts",
    ["if (this.#ended) {", twoGuards],
    ["if (!this.#ended) {", twoGuards],
    [
      "const channels = [...this.#channels].filter(([id]) => !this.#openings.has(id));",
      "nobody listens to a channel that was not confirmed",
    ],
    ["this.#parked.clear();", cost],
    ["if (channel === undefined || opening === undefined) {", compilerOnly],
  ),
  ...inFile(
    "src/engine/channels/forgivenMessages.ts",
    ["const repeated = [...this.#counts].filter(([, count]) => count > 1);", log],
    ["if (repeated.length > 0) {", log],
  ),
  ...inFile(
    "src/engine/channels/globalRequests.ts",
    ['signal.addEventListener("abort", onAbort, { once: true });', "a signal fires once"],
    [
      "this.#waiting.splice(index, 1)[0]?.settle({ accepted: false, body: new WireReader(Buffer.alloc(0)) });",
      compilerOnly,
    ],
  ),
  ...inFile(
    "src/engine/channels/pieceQueue.ts",
    ["const room = kept === undefined ? 0 : kept.data.length - kept.used;", cost],
    ["if (this.#length === 0 && (data.length >= small || data.length > room)) {", cost],
    ["if (data.length >= small) {", cost],
    ["if (last === undefined || last.data.length - last.used < data.length) {", cost],
  ),
];
