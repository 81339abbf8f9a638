/** The public surface of the package: the scans as functions of plain options, their records and results. */
export { Failure, type FailureKind } from './failure.ts';
export { HEAD_COLUMNS, LIST_COLUMNS, type Column, type ColumnType, type Schema } from './records/columns.ts';
export { HeadScan } from './scan/head-scan.ts';
export { ListScan } from './scan/list-scan.ts';
export type { EndpointOptions, Filter, HeadScanOptions, KeyFileSource, ListingOptions, ListScanOptions, OutputOptions, ScanOptions } from './scan/options.ts';
export type { ListScanProgress, Scan, ScanLog, ScanProgress, ScanResult, StopCause } from './scan/scan.ts';
