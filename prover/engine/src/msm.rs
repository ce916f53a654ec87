//! Commitments: multi-scalar sums by buckets (Pippenger), of many columns at once.
//!
//! Each window of each column sorts its points into buckets by digit. The sum of `d B_d` over the buckets is made of pairs too:
//! `sum d B_d = 2 sum k (B_2k + B_(2k+1)) + sum B_(2k+1)`, level by level, so that all inversions are shared by all columns.

pub use crate::digits::Cells;
use crate::digits::{clear, Scalars};
use crate::entries::Sorted;
use crate::fixed_base::{table, windows};
use crate::kernel::{Collision, Kernel, Ref, MINUS};
use crate::path::Kind;
use crate::rooms::Rooms;
use crate::sums::{Lists, Room};
use crate::Path;
use halo2curves::bn256::{Fr, G1Affine, G1};
use halo2curves::group::prime::PrimeCurveAffine;
use halo2curves::group::Group;
use halo2curves::msm::msm_parallel;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Width of the windows of tails, whose multiples are kept.
const TAIL_WIDTH: usize = 6;
/// Windows of a scalar.
const TAIL_WINDOWS: usize = windows(TAIL_WIDTH);
/// Multiples kept for each of them.
const TAIL_MULTIPLES: usize = 1 << (TAIL_WIDTH - 1);
/// Additions that one task makes, at least: inversions are shared by that many.
const GROUP: usize = 1 << 16;

/// A column to be committed: cells for the first bases, scalars for the tail bases.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    /// Cells of the first rows.
    pub cells: Cells<'a>,
    /// Scalars of the tail: as many as there are tail points, or none.
    pub tail: &'a [Fr],
}

/// Points to commit with.
#[derive(Debug)]
pub struct Bases(Kept);

#[derive(Debug)]
enum Kept {
    Portable(Table<crate::portable::Portable>),
    #[cfg(target_arch = "x86_64")]
    Avx2(Table<crate::avx2::Avx2>),
    #[cfg(target_arch = "x86_64")]
    Ifma(Table<crate::ifma::Ifma>),
}

impl Bases {
    /// Points for cells, and points for tails, of which multiples are kept. Points at infinity add nothing.
    pub fn new(path: Path, points: &[G1Affine], tail: &[G1Affine]) -> Self {
        Self(match path.0 {
            Kind::Portable => Kept::Portable(Table::new(crate::portable::Portable, points, tail)),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(avx2) => Kept::Avx2(Table::new(avx2, points, tail)),
            #[cfg(target_arch = "x86_64")]
            Kind::Ifma(ifma) => Kept::Ifma(Table::new(ifma, points, tail)),
        })
    }

    /// The commitments of columns.
    pub fn commit(&self, columns: &[Column<'_>]) -> Vec<G1> {
        match &self.0 {
            Kept::Portable(table) => table.commit(columns),
            #[cfg(target_arch = "x86_64")]
            Kept::Avx2(table) => table.commit(columns),
            #[cfg(target_arch = "x86_64")]
            Kept::Ifma(table) => table.commit(columns),
        }
    }

    /// `sum scalars[i] * points[i]`
    pub fn msm(&self, scalars: &[Fr]) -> G1 {
        let column = Column {
            cells: Cells::Field(scalars),
            tail: &[],
        };
        self.commit(&[column]).first().copied().unwrap_or_default()
    }
}

#[derive(Debug)]
struct Table<K: Kernel> {
    kernel: K,
    /// The points, then for each tail point and window the multiples of `2^(window * TAIL_WIDTH)` times it.
    rows: Vec<K::Row>,
    points: usize,
    /// Places of points at infinity, which have no row: the generator stands there, and what would be added is left out.
    holes: Vec<usize>,
    /// The same of tail points.
    tail_holes: Vec<usize>,
    rooms: Rooms<Room<K>>,
}

/// A window of a column, with a bucket for each weight from 1 to `2^(width-1)`.
struct Window {
    column: usize,
    /// Its lowest bit.
    bit: usize,
    /// The sum of each weight, from weight 0 on, which none has.
    buckets: Vec<Option<Ref>>,
}

/// A column as it is summed.
struct Prepared<'a, K: Kernel> {
    work: Work<'a, K>,
    tail: Scalars<'a>,
}

/// What is summed for the cells.
enum Work<'a, K: Kernel> {
    /// A point for each row.
    Rows(Scalars<'a>),
    /// Scalars of the sums of these lists, of this sum of all points, and of the tail.
    Entries(Scalars<'a>, Lists, K::Row),
}

/// Scalars of the bases from one on; and a tail.
struct Terms<'a> {
    scalars: &'a Scalars<'a>,
    /// Those of their windows that are summed.
    windows: Range<usize>,
    first: usize,
    tail: Option<&'a Scalars<'a>>,
}

impl Terms<'_> {
    /// So many parts of the windows, whose sums add up to the whole.
    fn divided(&self, parts: usize) -> impl Iterator<Item = Self> + '_ {
        let end = move |part: usize| self.windows.start + self.windows.len() * part / parts;
        (0..parts).map(move |part| Self {
            windows: end(part)..end(part + 1),
            tail: self.tail.filter(|_| part == 0),
            ..*self
        })
    }
}

impl<K: Kernel> Prepared<'_, K> {
    /// Points that are added, about.
    fn additions(&self) -> usize {
        match &self.work {
            Work::Rows(scalars) => scalars.additions(),
            Work::Entries(scalars, lists, _) => scalars.additions() + lists.refs.len(),
        }
    }
}

impl<K: Kernel> Table<K> {
    fn new(kernel: K, points: &[G1Affine], tail: &[G1Affine]) -> Self {
        let (points_filled, holes) = filled(points);
        let (tail_filled, tail_holes) = filled(tail);
        let points_rows = points_filled.par_chunks(1 << 10).map(|points| kernel.rows(points));
        let multiples = tail_filled.par_iter().map(|point| table(kernel, point, TAIL_WIDTH));
        Self {
            kernel,
            rows: points_rows.chain(multiples).collect::<Vec<_>>().concat(),
            points: points.len(),
            holes,
            tail_holes,
            rooms: Rooms::default(),
        }
    }

    fn commit(&self, columns: &[Column<'_>]) -> Vec<G1> {
        let whole = self.sums_of_first(columns);
        let prepared: Vec<Prepared<'_, K>> = columns.par_iter().map(|column| self.prepared(column, &whole)).collect();
        let additions: usize = prepared.iter().map(Prepared::additions).sum();
        let groups = (additions / GROUP).max(rayon::current_num_threads());
        let size = columns.len().div_ceil(groups).max(1);
        // Where there are fewer groups than threads, windows of a column are divided among them.
        let groups = columns.len().div_ceil(size).max(1);
        let parts = rayon::current_num_threads().div_ceil(groups);
        let group = |(prepared, columns): (&[Prepared<'_, K>], &[Column<'_>])| match self.group(prepared, parts) {
            Ok(sums) => sums,
            Err(Collision) => columns.iter().map(|column| self.library(column)).collect(),
        };
        let groups = prepared.par_chunks(size).zip(columns.par_chunks(size));
        groups.map(group).collect::<Vec<Vec<G1>>>().concat()
    }

    fn prepared<'a>(&self, column: &Column<'a>, whole: &BTreeMap<usize, K::Row>) -> Prepared<'a, K> {
        let tail = Scalars::new(
            self.kernel,
            Cells::Field(column.tail),
            &self.tail_holes,
            Some(TAIL_WIDTH),
        );
        let work = match column.cells {
            Cells::Entries(entries) => whole.get(&entries.len()).and_then(|whole| {
                let sorted = Sorted::new(&entries, &self.holes)?;
                let scalars = sorted.scalars(self.kernel, &entries, !tail.are_zero());
                Some(Work::Entries(scalars, sorted.lists, *whole))
            }),
            Cells::Field(_) | Cells::Integers(_) => None,
        };
        let work = work.unwrap_or_else(|| Work::Rows(Scalars::new(self.kernel, column.cells, &self.holes, None)));
        Prepared { work, tail }
    }

    /// The sum of as many of the first points as a column of entries has rows, for each such number. Where there is none, because all are at infinity or sums meet,
    /// columns are summed row by row.
    fn sums_of_first(&self, columns: &[Column<'_>]) -> BTreeMap<usize, K::Row> {
        let rows = columns.iter().filter_map(|column| match column.cells {
            Cells::Entries(entries) => Some(entries.len()),
            Cells::Field(_) | Cells::Integers(_) => None,
        });
        let sum = |rows: usize| {
            let mut all = Lists::default();
            let points = (0..rows).filter(|row| self.holes.binary_search(row).is_err());
            all.refs.extend(points.map(|row| row as Ref));
            all.end();
            Some((rows, *self.of_lists(&all, &self.rows).ok()?.first()?))
        };
        rows.collect::<BTreeSet<usize>>().into_iter().filter_map(sum).collect()
    }

    /// The commitments to columns of a group. Columns of entries are sums of a few points, which are made first.
    fn group(&self, columns: &[Prepared<'_, K>], parts: usize) -> Result<Vec<G1>, Collision> {
        let mut lists = Lists::default();
        let of_entries = |column: &Prepared<'_, K>| match &column.work {
            Work::Entries(_, rows, _) => rows.refs.len(),
            Work::Rows(_) => 0,
        };
        lists.refs.reserve(columns.iter().map(of_entries).sum());
        for column in columns {
            if let Work::Entries(_, rows, _) = &column.work {
                lists.append(rows);
                self.tail(&column.tail, &mut lists);
            }
        }
        let sums = self.of_lists(&lists, &self.rows)?;
        let (mut sums, mut full) = (sums.into_iter(), lists.full());
        let mut made = vec![];
        let mut of_entries = vec![];
        for column in columns {
            if let Work::Entries(scalars, rows, whole) = &column.work {
                of_entries.push(Terms {
                    scalars,
                    windows: 0..scalars.windows(),
                    first: made.len(),
                    tail: None,
                });
                let count = rows.ends.len();
                made.extend(sums.by_ref().take(count).chain([*whole]));
                full.by_ref().take(count).for_each(drop);
                made.extend(full.next().filter(|full| *full).and_then(|_| sums.next()));
            }
        }
        let of_rows = columns.iter().filter_map(|column| match &column.work {
            Work::Rows(scalars) => Some(Terms {
                scalars,
                windows: 0..scalars.windows(),
                first: 0,
                tail: Some(&column.tail),
            }),
            Work::Entries(..) => None,
        });
        let of_rows: Vec<Terms<'_>> = of_rows.collect();
        let divided: Vec<Terms<'_>> = of_rows.iter().flat_map(|terms| terms.divided(parts)).collect();
        let sums = divided
            .par_chunks(of_rows.len().max(1))
            .map(|terms| self.sums(&self.rows, terms));
        let sums = sums.collect::<Result<Vec<_>, _>>()?.concat();
        let of_rows: Vec<G1> = sums.chunks(parts).map(|parts| parts.iter().sum()).collect();
        let of_entries = self.sums(&made, &of_entries)?;
        let (mut of_rows, mut of_entries) = (of_rows.into_iter(), of_entries.into_iter());
        let next = |column: &Prepared<'_, K>| match column.work {
            Work::Rows(_) => of_rows.next(),
            Work::Entries(..) => of_entries.next(),
        };
        Ok(columns.iter().filter_map(next).collect())
    }

    /// The sums of terms, whose points are rows.
    fn sums(&self, bases: &[K::Row], columns: &[Terms<'_>]) -> Result<Vec<G1>, Collision> {
        let lists = self.sorted(columns);
        let mut windows = vec![];
        for (column, terms) in columns.iter().enumerate() {
            let width = terms.scalars.width();
            windows.extend(terms.windows.clone().map(|window| Window {
                column,
                bit: width * window,
                buckets: vec![None; (1 << (width - 1)) + 1],
            }));
        }
        // Halves of the buckets follow, and halves of these.
        let most = lists.full().filter(|full| *full).count() + lists.ends.len();
        let mut rows = Vec::with_capacity(most);
        rows.extend(lists.parts(self.kernel, bases, &self.rooms)?.into_iter().flatten());
        // Which sums there are, in the order of the lists.
        let (mut places, mut full) = (0.., lists.full());
        let mut next = || full.next().filter(|full| *full).and_then(|_| places.next());
        let (mut of, mut totals) = (windows.iter_mut().peekable(), Lists::default());
        let mut positions: Vec<(usize, usize)> = vec![];
        for column in 0..columns.len() {
            while let Some(window) = of.next_if(|window| window.column == column) {
                window.buckets.iter_mut().skip(1).for_each(|bucket| *bucket = next());
            }
            if let Some(tail) = next() {
                totals.refs.push(tail);
                totals.end();
                positions.push((column, 0));
            }
        }
        drop(of);
        while windows.iter().any(|window| window.buckets.len() > 1) {
            let mut halves = Lists::default();
            for window in &mut windows {
                totals.refs.extend(window.buckets.iter().skip(1).step_by(2).flatten());
                totals.end();
                positions.push((window.column, window.bit));
                window.bit += 1;
                for pair in window.buckets.chunks(2).skip(1) {
                    halves.refs.extend(pair.iter().flatten());
                    halves.end();
                }
            }
            let sums = halves.parts(self.kernel, &rows, &self.rooms)?;
            let (mut places, mut full) = (rows.len() as Ref.., halves.full());
            rows.extend(sums.into_iter().flatten());
            for window in &mut windows {
                let count = window.buckets.len().div_ceil(2);
                window.buckets.truncate(count);
                let mut next = || full.next().filter(|full| *full).and_then(|_| places.next());
                window.buckets.iter_mut().skip(1).for_each(|bucket| *bucket = next());
            }
        }
        let sums = self.kernel.points(&self.of_lists(&totals, &rows)?);
        let full = positions.into_iter().zip(totals.full()).filter(|(_, full)| *full);
        let mut terms: Vec<_> = full.map(|(position, _)| position).zip(sums).collect();
        terms.sort_by_key(|((column, bit), _)| (*column, std::cmp::Reverse(*bit)));
        let column = |column: usize| {
            let of = terms.iter().filter(|((of, _), _)| *of == column);
            let (sum, bit) = of.fold((G1::identity(), 0), |(sum, from), ((_, to), point)| {
                (shifted(sum, from, *to) + point, *to)
            });
            shifted(sum, bit, 0)
        };
        Ok((0..columns.len()).map(column).collect())
    }

    /// For each window of each column a list for each weight, and after those of a column that of its tail. Each window is sorted where it stays.
    fn sorted(&self, columns: &[Terms<'_>]) -> Lists {
        let of_column = |terms: &Terms<'_>| {
            let windows = terms.windows.clone().into_par_iter();
            let ends: Vec<Vec<usize>> = windows.map(|window| ends(terms, window)).collect();
            let mut tail = Lists::default();
            match terms.tail {
                Some(scalars) => self.tail(scalars, &mut tail),
                None => tail.end(),
            }
            (ends, tail)
        };
        let counted: Vec<(Vec<Vec<usize>>, Lists)> = columns.iter().map(of_column).collect();
        let size = |(ends, tail): &(Vec<Vec<usize>>, Lists)| {
            let windows = ends.iter().map(|ends| ends.last().copied().unwrap_or(0));
            windows.sum::<usize>() + tail.refs.len()
        };
        let mut lists = Lists::default();
        // Not `vec!`: memory that is asked for as zeros is given back to the system and taken again page by page where it was used before.
        let count = counted.iter().map(size).sum();
        lists.refs.reserve_exact(count);
        lists.refs.resize(count, 0);
        let (mut left, mut begun, mut tasks) = (lists.refs.as_mut_slice(), 0, vec![]);
        for (terms, (ends, tail)) in columns.iter().zip(&counted) {
            for (window, ends) in terms.windows.clone().zip(ends) {
                let part = left
                    .split_off_mut(..ends.last().copied().unwrap_or(0))
                    .unwrap_or_default();
                lists.ends.extend(ends.iter().map(|end| begun + end));
                begun += part.len();
                tasks.push((terms, window, ends, part));
            }
            let part = left.split_off_mut(..tail.refs.len()).unwrap_or_default();
            part.copy_from_slice(&tail.refs);
            begun += part.len();
            lists.ends.push(begun);
        }
        let fill = |(terms, window, ends, part): (&Terms<'_>, _, &Vec<usize>, _)| fill(terms, window, ends, part);
        tasks.into_par_iter().for_each(fill);
        lists
    }

    /// The sums of lists.
    fn of_lists(&self, lists: &Lists, bases: &[K::Row]) -> Result<Vec<K::Row>, Collision> {
        lists.sums(self.kernel, bases, &self.rooms)
    }

    /// The multiples of the tail that a column adds, as one list.
    fn tail(&self, scalars: &Scalars<'_>, lists: &mut Lists) {
        for window in 0..scalars.windows() {
            scalars.each_digit(window, |place, digit| {
                let first = self.points + (place * TAIL_WINDOWS + window) * TAIL_MULTIPLES;
                let multiple = reference(first + digit.unsigned_abs() as usize - 1, digit);
                lists.refs.push(multiple);
            });
        }
        lists.end();
    }

    /// The commitment as the library makes it, which adds any points: for columns in which equal or opposite sums meet.
    fn library(&self, column: &Column<'_>) -> G1 {
        let mut cells: Vec<Fr> = match column.cells {
            Cells::Entries(entries) => entries.cells(),
            Cells::Field(elements) => elements.to_vec(),
            Cells::Integers(values) => values.iter().map(|value| Fr::from(*value)).collect(),
        };
        clear(&mut cells, &self.holes);
        let mut tail = column.tail.to_vec();
        clear(&mut tail, &self.tail_holes);
        let (points, multiples) = self.rows.split_at(self.points);
        let first = multiples.iter().step_by(TAIL_WINDOWS * TAIL_MULTIPLES).take(tail.len());
        let rows: Vec<K::Row> = points.iter().take(cells.len()).chain(first).copied().collect();
        cells.extend(tail);
        msm_parallel(&cells, &self.kernel.points(&rows))
    }
}

/// The points with the generator in place of those at infinity, and the places of these.
fn filled(points: &[G1Affine]) -> (Vec<G1Affine>, Vec<usize>) {
    let infinite = |point: &G1Affine| bool::from(point.is_identity());
    let holes = (0..points.len()).filter(|&place| infinite(&points[place])).collect();
    let filled = |point: &G1Affine| if infinite(point) { G1Affine::generator() } else { *point };
    (points.iter().map(filled).collect(), holes)
}

/// `2^(from - to) sum`
fn shifted(sum: G1, from: usize, to: usize) -> G1 {
    (to..from).fold(sum, |sum, _| sum.double())
}

/// A point of this place, with the sign of a digit.
pub fn reference(place: usize, digit: i32) -> Ref {
    place as Ref | if digit < 0 { MINUS } else { 0 }
}

/// Where the list of each weight ends, of the points of a window.
fn ends(terms: &Terms<'_>, window: usize) -> Vec<usize> {
    let mut ends = vec![0; 1 << (terms.scalars.width() - 1)];
    terms
        .scalars
        .each_digit(window, |_, digit| ends[digit.unsigned_abs() as usize - 1] += 1);
    let mut end = 0;
    for list in &mut ends {
        end += *list;
        *list = end;
    }
    ends
}

/// Writes the points of a window, weight by weight.
fn fill(terms: &Terms<'_>, window: usize, ends: &[usize], to: &mut [Ref]) {
    let mut places: Vec<usize> = std::iter::once(0).chain(ends.iter().copied()).collect();
    terms.scalars.each_digit(window, |point, digit| {
        let place = &mut places[digit.unsigned_abs() as usize - 1];
        to[*place] = reference(terms.first + point, digit);
        *place += 1;
    });
}
