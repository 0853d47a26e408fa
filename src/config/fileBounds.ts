/** Bytes of one ssh_config file. A file with 100,000 hosts has about 12 MB. */
export const longestConfigFile = 16 * 1024 * 1024;
/** readconf.c, READCONF_MAX_DEPTH. */
export const deepestInclude = 16;
/**
 * The number of lines read for one host or one list of hosts, counting a file again each time it is included. OpenSSH
 * has no such limit; files that include each other keep it busy for hours.
 */
export const mostLines = 1_000_000;
