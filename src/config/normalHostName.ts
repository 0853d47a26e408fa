import { isIP } from "node:net";

/** ssh.c: names become lower case; addresses get their shortest form, as getnameinfo(3) prints them. */
export function normalHostName(name: string): string {
  const version = isIP(name);
  if (version === 4) {
    // `isIP` accepts the shortest form only.
    return name;
  }
  if (version === 6 && !name.includes("%")) {
    return new URL(`http://[${name}]`).hostname.slice(1, -1);
  }
  if (/^[\da-fx.]+$/i.test(name) && /^\d/.test(name)) {
    try {
      const { hostname } = new URL(`http://${name}`);
      return isIP(hostname) === 4 ? hostname : name.toLowerCase();
    } catch {
      return name.toLowerCase();
    }
  }
  return name.toLowerCase();
}
