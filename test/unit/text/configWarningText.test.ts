import { describe, expect, it } from "vitest";
import type { ConfigWarning } from "../../../src/config/hostConfig.ts";
import { type Keyword, keywordNames, keywordTable } from "../../../src/config/keywordTable.ts";
import { configHover, configNotice, configWarningText } from "../../../src/text/configWarningText.ts";

const home = "/home/a";
const file = "/home/a/.ssh/config";
const keyword = (name: Keyword, isSystemWide = false): ConfigWarning => ({
  ...{ kind: "keyword", keyword: name, value: "x", file, line: 4, isSystemWide },
});

describe("the texts about ssh_config that is not honoured", () => {
  it("name the keyword, the line and the alternative", () => {
    expect(configWarningText(keyword("bindinterface"), home)).toBe(
      "BindInterface is not honoured (~/.ssh/config line 4). A connection can't be bound to an interface: use its address in BindAddress.",
    );
  });

  it("have a separate sentence for every keyword that is not honoured", () => {
    const texts = keywordNames
      .filter((name) => keywordTable[name].standing === "not-honoured")
      .map((name) => configWarningText(keyword(name), home));
    expect(new Set(texts).size).toBe(texts.length);
    for (const text of texts) {
      expect(text).not.toMatch(/[`*]|undefined|\.\./);
    }
  });

  it("say for everything else what was omitted, and where", () => {
    expect(configWarningText({ kind: "match-exec", file, line: 2 }, home)).toContain("~/.ssh/config line 2");
    expect(configWarningText({ kind: "canonicalize" }, home)).toContain("CanonicalizeHostname");
    expect(
      configWarningText({ kind: "file-left-out", file: "/e\u001b[1m", why: "it can't be read" }, home),
    ).toBe("/e\\u{1b}[1m is ignored: it can't be read.");
  });

  it("are one line on a connection, about the user's own files only", () => {
    expect(configNotice([keyword("bindinterface"), keyword("forwardx11"), keyword("tunnel", true)])).toBe(
      "Not honoured from your ssh_config: BindInterface, ForwardX11. Run Explain Host for the reasons and alternatives.",
    );
    expect(configNotice([keyword("gssapiauthentication", true)])).toBeUndefined();
    // The engine openssh honours these, and is chosen for them.
    const forOpenSsh = ["gssapiauthentication", "pkcs11provider", "hostbasedauthentication"] as const;
    expect(configNotice(forOpenSsh.map((name) => keyword(name)))).toBeUndefined();
    expect(configWarningText(keyword("pkcs11provider"), home)).toMatch(
      /^PKCS11Provider \(~\/\.ssh\/config line 4\): Only the engine openssh loads it;/,
    );
    expect(configNotice([])).toBeUndefined();
  });

  it("make no Markdown of a path in a hover, and are bounded", () => {
    const evil: ConfigWarning = {
      ...keyword("tunnel"),
      kind: "keyword",
      keyword: "tunnel",
      value: "",
      isSystemWide: false,
      file: "/[x](command:y)$(z)",
    };
    expect(configHover([evil], home)).not.toMatch(/\]\(|[^\\]\$\\?\(/);
    expect(
      configHover(
        Array.from({ length: 50 }, () => evil),
        home,
      ),
    ).toMatch(/… and 40 more$/);
    expect(configHover([], home)).toBe("");
  });

  it("name in a hover only options of the user's own files, not those that the administrator set for everyone", () => {
    expect(configHover([keyword("gssapiauthentication", true)], home)).toBe("");
    expect(configHover([keyword("tunnel", true), keyword("bindinterface")], home)).toMatch(
      /^- BindInterface is not honoured/,
    );
  });
});
