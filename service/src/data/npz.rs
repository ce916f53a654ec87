//! NumPy `.npz` archives: `.npy` files by name, stored or deflated.

use super::npy;
use crate::error::CliError;
use crate::files::MAX_DATA;
use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// First bytes of an archive.
pub const MAGIC: &[u8] = b"PK\x03\x04";
/// Most arrays of an archive.
const MAX_ARRAYS: usize = 256;

/// The `.npy` files of an archive by their names, without the ending.
pub fn arrays(bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, CliError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| bad(e.to_string()))?;
    if archive.len() > MAX_ARRAYS {
        return Err(bad(format!(
            "{} arrays, at most {MAX_ARRAYS} are accepted",
            archive.len()
        )));
    }
    let mut arrays = BTreeMap::new();
    let mut left = MAX_DATA;
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|e| bad(e.to_string()))?;
        let name = file.name().strip_suffix(".npy").map(str::to_owned);
        let name = name.ok_or_else(|| bad(format!("it holds `{}`, which is no array", file.name())))?;
        // What it says of its size is not believed.
        let mut array = vec![];
        file.take(left + 1)
            .read_to_end(&mut array)
            .map_err(|e| bad(e.to_string()))?;
        left = left
            .checked_sub(array.len() as u64)
            .ok_or_else(|| bad(format!("it holds more than {MAX_DATA} bytes")))?;
        if arrays.insert(name.clone(), array).is_some() {
            return Err(bad(format!("it holds `{name}` twice")));
        }
    }
    Ok(arrays)
}

/// An archive of arrays by name, with their shapes: the same bytes each time.
pub fn write(arrays: &[(String, Vec<usize>, Vec<f64>)]) -> Result<Vec<u8>, CliError> {
    let mut archive = ZipWriter::new(Cursor::new(vec![]));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default());
    let failed = |e: &dyn std::fmt::Display| bad(format!("it cannot be written: {e}"));
    for (name, shape, values) in arrays {
        archive
            .start_file(format!("{name}.npy"), options)
            .map_err(|e| failed(&e))?;
        archive.write_all(&npy::write(shape, values)).map_err(|e| failed(&e))?;
    }
    Ok(archive.finish().map_err(|e| failed(&e))?.into_inner())
}

fn bad(reason: String) -> CliError {
    CliError::usage(
        "npz",
        format!("not a usable .npz file: {reason}"),
        "save with numpy.savez, one array for each input by its name",
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let given = vec![
            ("a".to_owned(), vec![2, 3], (0..6).map(f64::from).collect::<Vec<_>>()),
            ("b/c".to_owned(), vec![4], vec![0.1, -1e300, f64::MIN_POSITIVE, 0.0]),
        ];
        let bytes = write(&given).unwrap();
        assert_eq!(bytes, write(&given).unwrap());
        let arrays = arrays(&bytes).unwrap();
        assert_eq!(arrays.len(), 2);
        for (name, shape, values) in given {
            assert_eq!(npy::array(&arrays[&name]).unwrap(), (shape, values));
        }
    }
}
