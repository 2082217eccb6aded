//! Reading many directories at once, and the attributes of all that is in them, on the pool for blocking work.

use super::directory::{Directory, Entry};
use super::{Kind, Stat};
use crate::bridge::{PENDING, failure, guard};
use crate::vm::Vm;
use crate::work::Work;
use std::ffi::{CStr, CString, c_char};
use std::io;

/// An entry of one of the directories. Same layout as `emilua_record` in lua/emilua/filesystem/native.lua.
#[repr(C)]
struct Record {
    stat: Stat,
    /// Where its name is among the names.
    name: u32,
    length: u32,
    /// Number of its directory.
    directory: u32,
    /// 0; else the directory could not be read (to its end), and there is no entry.
    error: i32,
}

/// What a job has found.
#[derive(Default)]
struct Batch {
    records: Vec<Record>,
    names: Vec<u8>,
}

impl Batch {
    fn push(&mut self, directory: u32, stat: Stat, name: &CStr, error: i32) {
        let start = self.names.len();
        self.names.extend_from_slice(name.to_bytes());
        self.records.push(Record {
            stat,
            name: start as u32,
            length: (self.names.len() - start) as u32,
            directory,
            error,
        });
    }

    fn read(&mut self, number: u32, path: &CStr, follow: bool) -> io::Result<()> {
        let mut directory = Directory::open(None, path, follow)?;
        while let Some(Entry { name, kind, .. }) = directory.next()? {
            // SAFETY: valid until the next entry is read.
            let name = unsafe { CStr::from_ptr(name) };
            match directory.stat(name, false) {
                Ok(stat) => self.push(number, stat, name, 0),
                // It is gone by now.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                // Known by name only: the directory may be read and not searched.
                Err(_) => self.push(number, Stat::unknown(kind), name, 0),
            }
        }
        Ok(())
    }
}

impl Stat {
    /// The attributes of a file of which only the type is known; such a file has no links.
    fn unknown(kind: Kind) -> Self {
        Self {
            kind,
            ..Self::default()
        }
    }
}

/// A job and, when it has ended, its batch.
pub struct Job {
    work: Work<Batch>,
    batch: Batch,
}

/// What the Lua half sees of a batch; valid until the job is freed.
#[repr(C)]
pub struct View {
    records: *const Record,
    names: *const u8,
    count: i32,
}

/// Starts to read the directories whose paths, each terminated, are in `paths`. A link as the last component of a path
/// is followed if `follow`. `token` is woken when the job has ended.
pub extern "C" fn walk_start(
    vm: *mut Vm,
    token: u32,
    paths: *const c_char,
    length: usize,
    follow: i32,
    into: *mut *mut Job,
) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a string with its length.
        let paths = unsafe { std::slice::from_raw_parts(paths.cast::<u8>(), length) };
        let paths: Vec<CString> = paths
            .split_inclusive(|&byte| byte == 0)
            .filter_map(|path| CStr::from_bytes_with_nul(path).ok().map(CStr::to_owned))
            .collect();
        let body = move || {
            let mut batch = Batch::default();
            for (number, path) in (0..).zip(&paths) {
                if let Err(error) = batch.read(number, path, follow != 0) {
                    batch.push(number, Stat::default(), c"", failure(&error));
                }
            }
            batch
        };
        // SAFETY: the Lua half passes its VM.
        let started = Work::start(unsafe { &*vm }, token, body);
        super::put(
            started.map(|work| {
                Box::into_raw(Box::new(Job {
                    work,
                    batch: Batch::default(),
                }))
            }),
            into,
        )
    })
}

/// Shows what the job has found; it is pending until it has ended.
pub extern "C" fn walk_take(this: *mut Job, view: *mut View) -> i32 {
    guard(|| {
        // SAFETY: the Lua half holds the pointer that `walk_start` stored.
        let job = unsafe { &mut *this };
        let Some(batch) = job.work.take() else {
            return PENDING;
        };
        job.batch = batch;
        // SAFETY: the Lua half passes a place for one.
        unsafe {
            view.write(View {
                records: job.batch.records.as_ptr(),
                names: job.batch.names.as_ptr(),
                count: job.batch.records.len() as i32,
            });
        }
        0
    })
}

/// Forgets a job; one that runs goes on to its end.
pub extern "C" fn walk_free(this: *mut Job) {
    guard(|| {
        // SAFETY: called once, by the finaliser of the cdata that owns the pointer.
        drop(unsafe { Box::from_raw(this) });
        0
    });
}
