/**
 * What was handed out and what has come back: the proof that every key batch reached the output whole, once
 * (R1). Holds only what is under way (R5).
 */
import { Failure } from '../failure.ts';

export class Ledger {
  /** keys handed out */
  keysIssued = 0;
  /** keys of batches that are written */
  keysWritten = 0;
  private readonly outstanding = new Map<number, number>();

  issue(id: number, keys: number): void {
    this.outstanding.set(id, keys);
    this.keysIssued += keys;
  }

  /** The writer has taken these batches in. Throws if one was never handed out, or comes a second time. */
  write(ids: readonly number[]): void {
    for (const id of ids) {
      const keys = this.outstanding.get(id);
      if (keys === undefined) throw new Failure('defect', `key batch ${id} was written twice, or never asked`, 'report it');
      this.outstanding.delete(id);
      this.keysWritten += keys;
    }
  }

  /** Throws unless every batch is written, and with as many rows as it has keys. */
  prove(rows: number): void {
    if (this.outstanding.size > 0 || rows !== this.keysWritten) {
      throw new Failure('defect', `${this.keysIssued} keys were asked and ${rows} rows written, ${this.outstanding.size} batches are missing`, 'report it');
    }
  }
}
