/**
 * What was handed out and what has come back: the proof that every key batch reached the output whole, once
 * (R1), and what of the source the output covers since it was last asked. Holds only what is under way (R5).
 */
import { Failure } from '../failure.ts';
import type { Interval } from '../keyspace/interval.ts';
import { Tiling } from '../keyspace/tiling.ts';
import type { Place } from '../queue/key-batch.ts';
import { intervalOf } from '../queue/place.ts';

interface Outstanding {
  readonly keys: number;
  readonly place: Place;
}

export class Ledger {
  /** keys handed out */
  keysIssued = 0;
  /** keys of batches that are written */
  keysWritten = 0;
  private readonly keepsPlaces: boolean;
  private readonly outstanding = new Map<number, Outstanding>();
  private written = new Tiling();
  private without = new Tiling();

  /** `keepsPlaces`: for an output that says what it covers. */
  constructor(keepsPlaces: boolean) {
    this.keepsPlaces = keepsPlaces;
  }

  issue(id: number, keys: number, place: Place): void {
    this.outstanding.set(id, { keys, place });
    this.keysIssued += keys;
  }

  /** The writer has taken these batches in. Throws if one was never handed out, or comes a second time. */
  write(ids: readonly number[]): void {
    for (const id of ids) {
      const batch = this.outstanding.get(id);
      if (batch === undefined) throw new Failure('defect', `key batch ${id} was written twice, or never asked`, 'report it');
      this.outstanding.delete(id);
      this.keysWritten += batch.keys;
      this.cover(this.written, batch.place);
    }
  }

  /** There is no key in this place, or none that is wanted: it is done with. */
  pass(place: Place): void {
    this.cover(this.without, place);
  }

  private cover(tiling: Tiling, place: Place): void {
    if (this.keepsPlaces && !tiling.add(intervalOf(place))) throw new Failure('defect', 'a part of the source was covered twice', 'report it');
  }

  /** What was written or passed since the last time. To be called when all that was written is published. */
  takeCovered(): readonly Interval[] {
    const { written } = this;
    this.written = new Tiling();
    for (const interval of this.takePassed()) if (!written.add(interval)) throw new Failure('defect', 'a part of the source was covered twice', 'report it');
    return written.intervals;
  }

  /** What was passed since the last time. */
  takePassed(): readonly Interval[] {
    const { without } = this;
    this.without = new Tiling();
    return without.intervals;
  }

  /** Throws unless every batch is written, and with as many rows as it has keys. */
  prove(rows: number): void {
    if (this.outstanding.size > 0 || rows !== this.keysWritten) {
      throw new Failure('defect', `${this.keysIssued} keys were asked and ${rows} rows written, ${this.outstanding.size} batches are missing`, 'report it');
    }
  }
}
