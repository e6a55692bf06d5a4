//! Recorded: every snapshot that was judged, one JSON object a line, for `replay`.
//!
//! `{"mono": 12.0, "time": "2026-11-22T10:00:00.000Z", "queues": [..]}`: `mono` is what alerts were judged by, `time` is
//! for people. A thread of its own writes, so that a disk that hangs does not hold up the next pass: what it cannot
//! keep up with is lost, and counted as a failure of the monitor. Deliberately absent: reading it again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel};
use std::thread;
use std::time::{Duration, SystemTime};

use queue_core::{FamilyStats, Sample};

use crate::config::instant;

/// A file that has grown to this is put aside.
const LARGEST: u64 = 64 * 1024 * 1024;

/// So many files are kept beside the one that is written: `FILE.1` is the newer one.
const KEPT: usize = 2;

/// Passes that may wait for the disk.
const WAITING: usize = 4;

/// How long the end waits for what was not yet written.
const PATIENCE: Duration = Duration::from_secs(2);

/// Writes what it is given; dropped, it has written it, or has waited for two seconds.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) path: PathBuf,
    /// Dropped to say that nothing more comes.
    looks: Option<SyncSender<Look>>,
    lost: Arc<AtomicU64>,
    ended: Receiver<()>,
}

struct Look {
    mono: Duration,
    time: SystemTime,
    samples: Arc<[Sample]>,
}

/// One line.
#[derive(serde::Serialize)]
struct Line<'s> {
    mono: f64,
    time: String,
    queues: Vec<&'s FamilyStats>,
}

impl Recorder {
    /// Records to the end of the file at `path`, which is made if it is not there.
    ///
    /// # Errors
    /// If the system gives no thread. A file that cannot be written is said in the log, and tried again.
    pub(crate) fn start(path: &Path) -> io::Result<Self> {
        let (looks, coming) = sync_channel(WAITING);
        let (ending, ended) = channel();
        let lost = Arc::<AtomicU64>::default();
        let (of_thread, at) = (Arc::clone(&lost), path.to_owned());
        thread::Builder::new().name("queue-monitor-record".to_owned()).spawn(move || {
            write_all(&at, LARGEST, &coming, &of_thread);
            drop(ending);
        })?;
        Ok(Self { path: path.to_owned(), looks: Some(looks), lost, ended })
    }

    /// Hands one pass over. Never waits.
    pub(crate) fn record(&self, mono: Duration, time: SystemTime, samples: Arc<[Sample]>) {
        let sent = self.looks.as_ref().map(|looks| looks.try_send(Look { mono, time, samples }));
        if let Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) = sent {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many passes were lost since this was asked last.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.looks = None;
        // Either way it is over: the thread has ended, or hangs and is left behind.
        let _ = self.ended.recv_timeout(PATIENCE);
    }
}

fn write_all(path: &Path, largest: u64, coming: &Receiver<Look>, lost: &AtomicU64) {
    let mut file = None;
    let mut failing = false;
    for look in coming {
        let written = write(path, largest, &mut file, &look);
        if let Err(error) = &written {
            // Opened anew for the next pass: a file may have been moved, or a disk have room again.
            file = None;
            lost.fetch_add(1, Ordering::Relaxed);
            if !failing {
                let path = path.display();
                tracing::error!(target: "queue_monitor", %error, %path, "samples are not recorded; sampling goes on");
            }
        } else if failing {
            tracing::info!(target: "queue_monitor", path = %path.display(), "samples are recorded again");
        }
        failing = written.is_err();
    }
}

fn write(path: &Path, largest: u64, file: &mut Option<(BufWriter<File>, u64)>, look: &Look) -> io::Result<()> {
    let line = Line {
        mono: look.mono.as_secs_f64(),
        time: instant::written(look.time),
        queues: look.samples.iter().map(|sample| &sample.stats).collect(),
    };
    let mut line = serde_json::to_vec(&line)?;
    line.push(b'\n');
    if file.as_ref().is_some_and(|(_, length)| *length >= largest) {
        *file = None;
        put_aside(path)?;
    }
    let (file, length) = match file {
        Some(open) => open,
        None => {
            let opened = OpenOptions::new().create(true).append(true).open(path)?;
            let length = opened.metadata()?.len();
            file.insert((BufWriter::new(opened), length))
        }
    };
    file.write_all(&line)?;
    file.flush()?;
    *length += line.len() as u64;
    Ok(())
}

/// `FILE` becomes `FILE.1`, and what was that `FILE.2`; the oldest is gone.
fn put_aside(path: &Path) -> io::Result<()> {
    let aside = |number: usize| match number {
        0 => path.to_owned(),
        number => {
            let mut name = path.as_os_str().to_owned();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        }
    };
    for number in (0..KEPT).rev() {
        match fs::rename(aside(number), aside(number + 1)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::testing::sample;

    fn look(second: u64) -> Look {
        let mono = Duration::from_millis(1000 * second + 500);
        Look { mono, time: UNIX_EPOCH + mono, samples: Arc::new([sample("a", 0.5)]) }
    }

    #[test]
    fn a_line_holds_what_was_seen_and_when() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samples.jsonl");
        let recorder = Recorder::start(&path).unwrap();
        for second in [1, 2] {
            let Look { mono, time, samples } = look(second);
            recorder.record(mono, time, samples);
        }
        assert_eq!(recorder.lost(), 0);
        drop(recorder);
        let text = fs::read_to_string(path).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!((lines[0]["mono"].as_f64(), lines[1]["mono"].as_f64()), (Some(1.5), Some(2.5)));
        assert_eq!(lines[0]["time"], "1970-01-01T00:00:01.500Z");
        let stats: FamilyStats = serde_json::from_value(lines[0]["queues"][0].clone()).unwrap();
        assert_eq!(stats, sample("a", 0.5).stats);
    }

    #[test]
    fn a_file_that_is_full_is_put_aside_and_two_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samples.jsonl");
        let mut file = None;
        for second in 1..=5 {
            write(&path, 1, &mut file, &look(second)).unwrap();
        }
        drop(file);
        let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["samples.jsonl", "samples.jsonl.1", "samples.jsonl.2"]);
        let first =
            |name: &str| fs::read_to_string(folder.path().join(name)).unwrap().split_once(',').unwrap().0.to_owned();
        let order: Vec<_> = names.iter().map(|name| first(name.to_str().unwrap())).collect();
        assert_eq!(order, ["{\"mono\":5.5", "{\"mono\":4.5", "{\"mono\":3.5"]);
    }

    #[test]
    fn what_cannot_be_written_is_counted_and_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing").join("samples.jsonl");
        let recorder = Recorder::start(&missing).unwrap();
        let Look { mono, time, samples } = look(1);
        recorder.record(mono, time, samples);
        let lost = Arc::clone(&recorder.lost);
        drop(recorder);
        assert_eq!(lost.load(Ordering::Relaxed), 1);
    }
}
