//! Lines out of a file, plain or compressed; a line that is too long costs itself alone.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek},
    path::Path,
};

use flate2::bufread::MultiGzDecoder;

/// The longest line that is read, in bytes without its end.
pub(super) const LIMIT: usize = 64 * 1024;

/// Opens a file; one that begins as gzip (RFC 1952) is unpacked, whatever its name.
pub fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let mut file = File::open(path)?;
    let mut magic = Vec::with_capacity(2);
    Read::by_ref(&mut file).take(2).read_to_end(&mut magic)?;
    file.rewind()?;
    let plain = BufReader::new(file);
    Ok(if magic == [0x1F, 0x8B] {
        Box::new(BufReader::new(MultiGzDecoder::new(plain)))
    } else {
        Box::new(plain)
    })
}

/// One line as it stands in the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    Bytes(Vec<u8>),
    TooLong,
}

/// Reads to the next line feed; nothing at the end of the file. CR before the line feed belongs to the end.
pub(super) fn next(input: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut line = Vec::new();
    // Room for the two bytes of the line's end.
    let most = u64::try_from(LIMIT + 2).map_err(io::Error::other)?;
    if input.by_ref().take(most).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    let whole = line.pop_if(|last| *last == b'\n').is_some();
    line.pop_if(|last| *last == b'\r');
    if line.len() <= LIMIT {
        return Ok(Some(Line::Bytes(line)));
    }
    if !whole {
        input.skip_until(b'\n')?;
    }
    Ok(Some(Line::TooLong))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_costs_itself_alone() {
        let long = "x".repeat(LIMIT);
        let text = format!("a\r\n\n{long}\r\n{long}y\n{long}{long}\nb");
        let mut input = text.as_bytes();
        let mut found = Vec::new();
        while let Some(line) = next(&mut input).unwrap() {
            found.push(match line {
                Line::Bytes(bytes) => bytes.len(),
                Line::TooLong => usize::MAX,
            });
        }
        assert_eq!(found, [1, 0, LIMIT, usize::MAX, usize::MAX, 1]);
    }
}
