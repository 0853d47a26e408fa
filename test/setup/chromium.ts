import { ensureDebianPackages, isDebian } from "./debianPackages.ts";
import { findProgram } from "./findProgram.ts";
import { MissingRequirementError } from "./missingRequirement.ts";

const candidates = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "microsoft-edge",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];

/** For screenshots: the interface, a fixed-width font, and symbols in terminals. */
const fonts = ["fonts-dejavu-core", "fonts-noto-core", "fonts-noto-color-emoji"];

/**
 * The path of Chromium or a similar browser; `CHROMIUM_EXECUTABLE` overrides it.
 * @throws MissingRequirementError if there is none and it can't be installed without asking
 */
export async function ensureChromium(): Promise<string> {
  const named = process.env["CHROMIUM_EXECUTABLE"];
  const found = await findProgram(...(named ? [named] : candidates));
  if (found !== undefined) {
    return found;
  }
  if (named) {
    throw new MissingRequirementError(
      `CHROMIUM_EXECUTABLE=${named} can't be run.`,
      "unset CHROMIUM_EXECUTABLE",
    );
  }
  if (process.platform === "linux" && (await isDebian())) {
    await ensureDebianPackages(["chromium", ...fonts]);
    const installed = await findProgram(...candidates);
    if (installed !== undefined) {
      return installed;
    }
  }
  throw new MissingRequirementError(
    "The workbench tests need Chromium or Google Chrome.",
    "install Chromium, or set CHROMIUM_EXECUTABLE to the path of a browser of that kind",
  );
}
