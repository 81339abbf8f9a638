/** Entry of a simulation's child process: answers the connections it is sent until it is stopped or its parent is gone. */
import type { Socket } from 'node:net';
import type { FromSimProcess, ToSimProcess } from './process-messages.ts';
import { Simulation } from './simulation.ts';

const TELL_INTERVAL_MS = 100;

let simulation: Simulation | null = null;
let told = '';

process.on('message', (message: ToSimProcess, socket?: Socket) => {
  if (message.kind === 'start') {
    simulation = new Simulation(message.options, message.stream);
    simulation.warmUp();
    tell();
    setInterval(tell, TELL_INTERVAL_MS);
  } else if (message.kind === 'connection') {
    // A client that hung up on the way here leaves no socket.
    if (socket !== undefined) simulation?.accept(socket);
  } else {
    simulation?.close();
    if (simulation === null) process.exit();
    else process.send?.({ stats: simulation.stats } satisfies FromSimProcess, () => process.exit());
  }
});
// The terminal's Ctrl-C reaches children too; their end is the parent's to decide.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit());

function tell(): void {
  if (simulation === null) return;
  const now = JSON.stringify(simulation.stats);
  if (now === told) return;
  told = now;
  process.send?.({ stats: simulation.stats } satisfies FromSimProcess);
}
