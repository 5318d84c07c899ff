import { createServer } from 'node:net';

/** The wanted port if it is free on loopback, else the next free one the system gives. `exact` makes a taken port an error. */
export async function choosePort(wanted: number, exact = false): Promise<number> {
  const taken = await tryPort(wanted);
  if (taken !== null) return taken;
  if (exact)
    throw new Error(`port ${wanted} is taken: stop what listens there, or leave --port out to take a free one`);
  const free = await tryPort(0);
  if (free === null) throw new Error('the system has no free port on 127.0.0.1');
  return free;
}

function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null);
      else reject(error);
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port));
    });
  });
}
