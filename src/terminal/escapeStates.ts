/**
 * The states of a terminal's parser, after Paul Williams' DEC parser (vt100.net/emu/dec_ansi_parser) with the
 * differences of xterm.js: C1 controls count as single characters above U+007F (never as UTF-8 bytes), strings may
 * contain any other character, a non-ASCII character ends a sequence, and BEL ends an OSC string.
 */
export const escapeState = {
  ground: 0,
  escape: 1,
  escapeIntermediate: 2,
  csiEntry: 3,
  csiParameter: 4,
  csiIntermediate: 5,
  /** Malformed: ignored up to its final character, and never executed. */
  csiIgnore: 6,
  oscString: 7,
  dcsEntry: 8,
  dcsParameter: 9,
  dcsIntermediate: 10,
  dcsIgnore: 11,
  dcsString: 12,
  /** SOS and PM. */
  privateString: 13,
  apcString: 14,
} as const;

export type EscapeState = (typeof escapeState)[keyof typeof escapeState];

const s = escapeState;

/** All codes from here on are one class. */
const other = 0xa0;

function within(code: number, first: number, last: number): boolean {
  return code >= first && code <= last;
}

/** The same in all states (ECMA-48 C1, and CAN, SUB, ESC). */
function anywhere(code: number): EscapeState | undefined {
  switch (code) {
    case 0x1b:
      return s.escape;
    case 0x90:
      return s.dcsEntry;
    case 0x98:
    case 0x9e:
      return s.privateString;
    case 0x9b:
      return s.csiEntry;
    case 0x9d:
      return s.oscString;
    case 0x9f:
      return s.apcString;
    default:
      return code === 0x18 || code === 0x1a || within(code, 0x80, 0x9f) ? s.ground : undefined;
  }
}

function afterEscape(code: number): EscapeState {
  switch (String.fromCharCode(code)) {
    case "[":
      return s.csiEntry;
    case "]":
      return s.oscString;
    case "P":
      return s.dcsEntry;
    case "X":
    case "^":
      return s.privateString;
    case "_":
      return s.apcString;
    default:
      return within(code, 0x20, 0x2f) ? s.escapeIntermediate : s.ground;
  }
}

/** Parameters, intermediates and the final character, the same for CSI and DCS. */
function inHeader(
  code: number,
  state: EscapeState,
  states: {
    parameter: EscapeState;
    intermediate: EscapeState;
    ignore: EscapeState;
    done: EscapeState;
    entry: EscapeState;
  },
): EscapeState {
  if (within(code, 0x40, 0x7e)) {
    return states.done;
  }
  if (within(code, 0x20, 0x2f)) {
    return states.intermediate;
  }
  if (state === states.intermediate) {
    return states.ignore;
  }
  return within(code, 0x3c, 0x3f) && state !== states.entry ? states.ignore : states.parameter;
}

const csi = {
  entry: s.csiEntry,
  parameter: s.csiParameter,
  intermediate: s.csiIntermediate,
  ignore: s.csiIgnore,
  done: s.ground,
};
const dcs = {
  entry: s.dcsEntry,
  parameter: s.dcsParameter,
  intermediate: s.dcsIntermediate,
  ignore: s.dcsIgnore,
  done: s.dcsString,
};

function transition(state: EscapeState, code: number): EscapeState {
  const everywhere = anywhere(code);
  if (everywhere !== undefined) {
    return everywhere;
  }
  const control = code < 0x20 || code === 0x7f;
  switch (state) {
    case s.ground:
      return s.ground;
    case s.escape:
      return control ? state : code === other ? s.ground : afterEscape(code);
    case s.escapeIntermediate:
      return control || within(code, 0x20, 0x2f) ? state : s.ground;
    case s.csiEntry:
    case s.csiParameter:
    case s.csiIntermediate:
      return control ? state : code === other ? s.ground : inHeader(code, state, csi);
    case s.dcsEntry:
    case s.dcsParameter:
    case s.dcsIntermediate:
      return control ? state : code === other ? s.ground : inHeader(code, state, dcs);
    case s.csiIgnore:
      return within(code, 0x40, 0x7e) ? s.ground : state;
    case s.oscString:
      return code === 0x07 ? s.ground : state;
    case s.privateString:
      return code === other ? s.ground : state;
    case s.dcsIgnore:
    case s.dcsString:
    // Releases of xterm.js treat a non-ASCII character here differently; staying inside is the safe choice.
    case s.apcString:
      return state;
  }
}

const width = 256;
const table = new Uint8Array(15 * width);
for (const state of Object.values(escapeState)) {
  for (let code = 0; code <= other; code++) {
    table[state * width + code] = transition(state, code);
  }
}

/** The state after one UTF-16 code unit. */
export function nextState(state: EscapeState, code: number): EscapeState {
  return table[state * width + Math.min(code, other)] as EscapeState;
}
