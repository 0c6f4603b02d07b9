/**
 * Sets what the Functions host sets for its apps, as far as the SDKs read it: `WEBSITE_HOSTNAME` (without it the Durable
 * client hands out URLs with port 7071), and `NO_PROXY`, for HTTP clients would send even loopback calls to a proxy.
 */
export function setHostEnvironment(port: number): void {
  if (port !== 0) process.env.WEBSITE_HOSTNAME = `127.0.0.1:${port}`;
  for (const name of ['NO_PROXY', 'no_proxy']) {
    const hosts = (process.env[name] ?? '').split(',').filter((each) => each !== '');
    process.env[name] = [...new Set([...hosts, '127.0.0.1', 'localhost'])].join(',');
  }
}
