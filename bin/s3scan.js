#!/usr/bin/env node
import module from 'node:module';
import v8 from 'node:v8';

// Node 20's V8 makes machine code of what has run for a moment, on the core that the scan needs: it is to wait six times as long.
if (process.versions.v8.startsWith('11.3.')) v8.setFlagsFromString('--interrupt-budget=400000');
// From Node 22.8 on, compiled code is kept between runs.
module.enableCompileCache?.();
const { main } = await import('../dist/src/cli/main.js');
process.exitCode = await main(process.argv.slice(2));
