import { inFile, type KeptSurvivor, why } from "./keptSurvivor.ts";

export const trustSurvivors: readonly KeptSurvivor[] = [
  ...inFile(
    "src/trust/certificate.ts",
    ["serial === undefined ||", why.missing],
    ["validAfter === undefined ||", why.missing],
    ["validBefore === undefined ||", why.missing],
    ["reserved === undefined ||", why.missing],
    ["signatureKey === undefined ||", why.missing],
    ["if (name === undefined || data === undefined || names.length === most) {", why.twoGuards],
    ["if (count === undefined || nonce === undefined) {", why.twoGuards],
    ["keyId === undefined ||", why.twoGuards],
  ),
  ...inFile(
    "src/trust/hostKeyRecords.ts",
    ['return rest !== "" && namesHost(wanted, rest) === true ? undefined : rest;', why.sameResult],
    ["if (text === undefined || name === undefined) {", why.compilerOnly],
  ),
  ...inFile(
    "src/trust/hostKeyVerifier.ts",
    [
      "this.#bareName = hostKeyAlias === undefined && port !== 22 ? knownHostName(hostName, 22) : undefined;",
      "the same lines, read twice, give the same answer",
    ],
    ["() => [],", "a text is no entry"],
    ["return [];", "a text is no entry"],
    ["if (bits !== undefined && bits < requiredRsaSize) {", why.compilerOnly],
    ["if (authority !== undefined) {", why.log],
    [
      'const place = where?.line === undefined ? (where?.file ?? "") : `${where.file}:${where.line}`;',
      why.wording,
    ],
    ["isBare = true;", why.twoGuards],
    [
      'return address !== undefined && (/^(?:::ffff:)?127\\.\\d+\\.\\d+\\.\\d+$/i.test(address) || address === "::1");',
      "addresses are as Node writes them",
    ],
  ),
  ...inFile(
    "src/trust/keyRevocationList.ts",
    ["async #pace(): Promise<void> {", why.cost],
    [
      'throw new RevocationFileError(`its format version is ${version ?? "missing"}, not ${formatVersion}`);',
      why.wording,
    ],
    ["if (this.#pacer.isDue()) {", why.cost],
    ["if (bit < 0n || bit >= BigInt(bitmap.length) * 8n) {", why.sameResult],
    [
      'throw new RevocationFileError(`it needs the unknown extension ${name.toString("latin1").slice(0, 100)}`);',
      why.wording,
    ],
  ),
  ...inFile(
    "src/trust/knownHostLine.ts",
    ['if (rest === "") {', why.wording],
    [
      'const [, type, encoded = ""] = /^[ \\t]+([^ \\t]+)[ \\t]+([^ \\t]+)/.exec(rest) ?? [];',
      "only later elements are read",
    ],
    ['if (names === undefined || names === "unknown-marker") {', why.compilerOnly],
    [
      'const end = space >= 0 ? space : line.indexOf("\\t");',
      "a line with a marker does not begin with a space",
    ],
    ['const rest = line.slice(Math.max(0, end)).replace(/^[ \\t]+/, "");', why.sameResult],
  ),
  ...inFile(
    "src/trust/knownHosts.ts",
    ['case "absent":', why.wording],
    [
      'const isFound = found !== undefined && "key" in found && found.marker === "none" && found.key.equals(key);',
      why.compilerOnly,
    ],
    ['typeof contents === "string"', why.cost],
    ["if (matches === undefined) {", why.log],
    ["if (!hashed.startsWith(hashMagic) || delimiter < 0) {", why.log],
    ["if (pacer.isDue(4 + ((end - start) >> 9))) {", why.cost],
    ["for (let number = 1; start < bytes.length; number++) {", why.sameResult],
  ),
  ...inFile(
    "src/trust/knownHostsCommand.ts",
    ['...(hostKeyAlias === undefined ? [] : ([["hostkeyalias", [hostKeyAlias]]] as const)),', why.sameResult],
    [
      'throw new KnownHostsCommandError("A token or variable of KnownHostsCommand can\'t be expanded", { cause });',
      why.log,
    ],
    ['throw new KnownHostsCommandError("KnownHostsCommand can\'t be started", { cause });', why.log],
    ["if (limit.aborted) {", "the limit is 30 s of real time"],
    ["const seconds = timeLimitMilliseconds / 1000;", "the limit is 30 s of real time"],
    [
      "throw new KnownHostsCommandError(`KnownHostsCommand ended with ${how}: ${stderr.trim()}`);",
      why.wording,
    ],
    [
      "throw new KnownHostsCommandError(`KnownHostsCommand took longer than ${seconds} s`);",
      "the limit is 30 s of real time",
    ],
  ),
  ...inFile(
    "src/trust/knownHostsUpdater.ts",
    ["for (const key of added) {", why.log],
    [
      "(key) => formatKnownHost(name, claimedKeyType(key), key, config.hashKnownHosts) ?? [],",
      why.compilerOnly,
    ],
    ["for (const { type, key } of removed) {", why.log],
  ),
  ...inFile("src/trust/otherNames.ts", ["if (hit < end) {", why.cost], ["if (pacer.isDue(1)) {", why.cost]),
  ...inFile(
    "src/trust/publicKeySignature.ts",
    ["if (bytes === undefined) {", why.twoGuards],
    ["} catch {", why.sameResult],
    ["default:", why.sameResult],
    ["if (curve === undefined || r === undefined || s === undefined || numbers.left > 0) {", why.twoGuards],
    [
      "if (r.length > curve.bytes || s.length > curve.bytes || point.length !== 1 + 2 * curve.bytes) {",
      "Node refuses such numbers and points, too",
    ],
  ),
  ...inFile(
    "src/trust/randomart.ts",
    ["const whole = bits === undefined ? `[${name}]` : `[${name} ${bits}]`;", why.sameResult],
    ['const plain = type.replace(/-cert-v01@openssh\\.com$|@openssh\\.com$/, "");', why.sameResult],
    ["const visits = (column: number, row: number): number => field[row]?.[column] ?? 0;", why.compilerOnly],
    ["field[row]?.splice(column, 1, value);", why.compilerOnly],
    ["return whole.length > width ? `[${name}]` : whole;", "no type and size give a title of this length"],
    [
      "const [, isSk, curve] = /^(sk-)?ecdsa-sha2-nistp(\\d+)$/.exec(plain) ?? [];",
      "only later elements are read",
    ],
  ),
  ...inFile(
    "src/trust/revokedKeys.ts",
    ["for (let line = 1; start < data.length; line++) {", why.sameResult],
    ["const [, type, base64] = /^([^ \\t]+)[ \\t]+([^ \\t]+)/.exec(text) ?? [];", why.sameResult],
    ["if (type === undefined || blob === undefined || claimedKeyType(blob) !== type) {", why.compilerOnly],
    ["if (pacer.isDue()) {", why.cost],
  ),
  ...inFile("src/trust/fingerprintComparison.ts", [".split(/\\s+/)", why.sameResult]),
  ...inFile("src/trust/hostNamePattern.ts", [
    "return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());",
    why.sameResult,
  ]),
  ...inFile("src/trust/knownHostLines.ts", ["if (pacer.isDue(8 + ((end - start) >> 9))) {", why.cost]),
  ...inFile(
    "src/trust/loadKnownHosts.ts",
    ["const entries: KnownHostEntry[] = [];", "a text is no entry"],
    ["for (const problem of found.problems.slice(0, mostProblemsLogged)) {", why.log],
  ),
  ...inFile(
    "src/trust/publicKeyBlob.ts",
    ["return modulus === undefined || first === undefined", why.compilerOnly],
    [
      'return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;',
      why.sameResult,
    ],
  ),
];
