/** Several files as one ZIP archive, stored without compression: no library is needed. Reads blobs piece by piece, so that memory does not grow with them. */

const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
/** Names are UTF-8. */
const FLAGS = 0x0800;
const VERSION = 20;
const PIECE_BYTES = 4 * 1024 ** 2;
/** Sizes and offsets have 32 bits. */
const MOST_BYTES = 2 ** 32 - 1;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** @param {Uint8Array} bytes @param {number} [before] the CRC of what comes before them @returns {number} CRC-32, as ZIP and PNG have it */
export function crc32(bytes, before = 0) {
  let crc = ~before;
  for (let i = 0; i < bytes.length; i += 1) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ bytes[i]) & 0xff];
  return ~crc >>> 0;
}

/** @param {Blob[]} blobs @returns {boolean} whether an archive can hold them */
export const fitsZip = (blobs) => blobs.reduce((sum, { size }) => sum + size + 1024, 0) < MOST_BYTES;

/**
 * @param {{name: string, blob: Blob}[]} files fitting, see fitsZip()
 * @param {Date} at the files' date
 * @returns {Promise<Blob>}
 */
export async function zip(files, at) {
  const body = [];
  const directory = [];
  let offset = 0;
  for (const { name, blob } of files) {
    const nameBytes = new TextEncoder().encode(name);
    const crc = await crcOf(blob);
    const local = headerOf(LOCAL_BYTES, 0x04034b50, 4);
    putFacts(local, 6, at, crc, blob.size, nameBytes.length);
    body.push(local, nameBytes, blob);
    const central = headerOf(CENTRAL_BYTES, 0x02014b50, 6);
    central.setUint16(4, VERSION, true);
    putFacts(central, 8, at, crc, blob.size, nameBytes.length);
    central.setUint32(42, offset, true);
    directory.push(central, nameBytes);
    offset += LOCAL_BYTES + nameBytes.length + blob.size;
  }
  const length = directory.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const end = new DataView(new ArrayBuffer(END_BYTES));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, files.length, true);
  end.setUint16(10, files.length, true);
  end.setUint32(12, length, true);
  end.setUint32(16, offset, true);
  return new Blob([...body, ...directory, end], { type: 'application/zip' });
}

/** @param {number} bytes @param {number} signature @param {number} versionAt @returns {DataView<ArrayBuffer>} */
function headerOf(bytes, signature, versionAt) {
  const header = new DataView(new ArrayBuffer(bytes));
  header.setUint32(0, signature, true);
  header.setUint16(versionAt, VERSION, true);
  return header;
}

/** What both headers of a file say, in the same order. @param {DataView<ArrayBuffer>} header @param {number} from @param {Date} at @param {number} crc @param {number} size @param {number} nameLength */
function putFacts(header, from, at, crc, size, nameLength) {
  header.setUint16(from, FLAGS, true);
  header.setUint16(from + 4, (at.getHours() << 11) | (at.getMinutes() << 5) | (at.getSeconds() >> 1), true);
  header.setUint16(from + 6, ((at.getFullYear() - 1980) << 9) | ((at.getMonth() + 1) << 5) | at.getDate(), true);
  header.setUint32(from + 8, crc, true);
  header.setUint32(from + 12, size, true);
  header.setUint32(from + 16, size, true);
  header.setUint16(from + 20, nameLength, true);
}

/** @param {Blob} blob */
async function crcOf(blob) {
  let crc = 0;
  for (let from = 0; from < blob.size; from += PIECE_BYTES) {
    crc = crc32(new Uint8Array(await blob.slice(from, from + PIECE_BYTES).arrayBuffer()), crc);
  }
  return crc;
}
