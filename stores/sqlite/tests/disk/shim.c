// Stands between the store and the operating system (LD_PRELOAD): fails the n-th write or sync of a database's files, or
// traces each of them. A test commands it by writing to a file named `plan`:
//
//   off
//   write N ERRNO STICKY    the N-th write from now on fails; with STICKY 1 all writes and syncs after it fail, too
//   sync N ERRNO STICKY     likewise for syncs
//   trace PATH              appends what is done to the files to PATH
//
// A fault leaves a file `struck` beside the plan. A write that fails with an I/O error has written its first half.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static char struck[4096];
static int trace_fd = -1;
static enum { OFF, WRITE, SYNC } failing = OFF;
static long countdown;
static int failure, sticky, broken;

#define REAL(name, type, ...)                                                                                          \
    static type (*real)(__VA_ARGS__);                                                                                  \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static ssize_t plain_write(int fd, const void *bytes, size_t count) {
    REAL("write", ssize_t, int, const void *, size_t);
    return real(fd, bytes, count);
}

static int plain_open(const char *path, int flags, mode_t mode) {
    REAL("open64", int, const char *, int, ...);
    return ((int (*)(const char *, int, ...))real)(path, flags, mode);
}

static const char *base(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int path_of(int fd, char *path, size_t room) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, room - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return 1;
}

// Which files are the database's. The shared memory is of no use after a power cut, so it is not traced.
static int is_database(const char *path) {
    const char *name = base(path);
    return !strncmp(name, "pik.sqlite", 10) && !strstr(name, " (deleted)");
}

static int is_traced(const char *path) {
    return (is_database(path) && !strstr(base(path), "-shm")) || !strcmp(base(path), "answers");
}

// One record: operation, length of the path, offset, length of the data; then path and data.
static void record(char operation, const char *path, uint64_t offset, const void *data, uint64_t length) {
    if (trace_fd < 0) return;
    unsigned char head[19];
    uint16_t path_length = (uint16_t)strlen(path);
    head[0] = (unsigned char)operation;
    memcpy(head + 1, &path_length, 2);
    memcpy(head + 3, &offset, 8);
    memcpy(head + 11, &length, 8);
    if (plain_write(trace_fd, head, sizeof head) != sizeof head) abort();
    if (plain_write(trace_fd, path, path_length) != path_length) abort();
    for (uint64_t done = 0; done < length;) {
        ssize_t wrote = plain_write(trace_fd, (const char *)data + done, length - done);
        if (wrote <= 0) abort();
        done += (uint64_t)wrote;
    }
}

static void command(const char *path, const char *bytes, size_t count) {
    char text[4096], word[16] = "", target[4096] = "";
    if (count >= sizeof text) abort();
    memcpy(text, bytes, count);
    text[count] = 0;
    snprintf(struck, sizeof struck, "%.*s/struck", (int)(base(path) - 1 - path), path);
    failing = OFF;
    broken = 0;
    sscanf(text, "%15s", word);
    if (!strcmp(word, "write")) failing = WRITE;
    if (!strcmp(word, "sync")) failing = SYNC;
    if (failing != OFF && sscanf(text, "%*s %ld %d %d", &countdown, &failure, &sticky) != 3) abort();
    if (!strcmp(word, "trace")) {
        if (sscanf(text, "%*s %4095s", target) != 1) abort();
        trace_fd = plain_open(target, O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (trace_fd < 0) abort();
    }
}

// Whether this operation is to fail.
static int strikes(int operation) {
    if (failing == OFF) return 0;
    if (broken) return sticky;
    if ((int)failing != operation || --countdown > 0) return 0;
    broken = 1;
    int fd = plain_open(struck, O_WRONLY | O_CREAT, 0600);
    if (fd >= 0) close(fd);
    return 1;
}

// `offset` is -1 where the file's own position counts.
static ssize_t do_write(int fd, const void *bytes, size_t count, off64_t offset) {
    REAL("pwrite64", ssize_t, int, const void *, size_t, off64_t);
    char path[4096];
    if (!path_of(fd, path, sizeof path)) return offset < 0 ? plain_write(fd, bytes, count) : real(fd, bytes, count, offset);
    if (!strcmp(base(path), "plan")) {
        pthread_mutex_lock(&gate);
        command(path, bytes, count);
        pthread_mutex_unlock(&gate);
        return (ssize_t)count;
    }
    if (!is_database(path) && !is_traced(path))
        return offset < 0 ? plain_write(fd, bytes, count) : real(fd, bytes, count, offset);
    pthread_mutex_lock(&gate);
    int fails = is_database(path) && strikes(WRITE);
    size_t length = !fails ? count : failure == EIO ? count / 2 : 0;
    off64_t at = offset < 0 ? lseek64(fd, 0, SEEK_CUR) : offset;
    ssize_t wrote = 0;
    if (length > 0) wrote = offset < 0 ? plain_write(fd, bytes, length) : real(fd, bytes, length, offset);
    if (wrote > 0 && is_traced(path)) record('W', path, (uint64_t)at, bytes, (uint64_t)wrote);
    pthread_mutex_unlock(&gate);
    if (!fails) return wrote;
    errno = failure;
    return -1;
}

ssize_t write(int fd, const void *bytes, size_t count) { return do_write(fd, bytes, count, -1); }
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return do_write(fd, bytes, count, offset); }
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) { return do_write(fd, bytes, count, offset); }

static int do_sync(int fd, int (*real)(int)) {
    char path[4096];
    struct stat64 found;
    if (!path_of(fd, path, sizeof path) || fstat64(fd, &found)) return real(fd);
    int is_folder = S_ISDIR(found.st_mode);
    if (!is_folder && !is_database(path)) return real(fd);
    pthread_mutex_lock(&gate);
    int fails = strikes(SYNC);
    int done = fails ? -1 : real(fd);
    if (done == 0 && (is_folder || is_traced(path))) record(is_folder ? 'D' : 'S', path, 0, NULL, 0);
    if (fails && !is_folder && is_traced(path)) record('F', path, 0, NULL, 0);
    pthread_mutex_unlock(&gate);
    if (fails) errno = failure;
    return done;
}

int fsync(int fd) {
    REAL("fsync", int, int);
    return do_sync(fd, real);
}

int fdatasync(int fd) {
    REAL("fdatasync", int, int);
    return do_sync(fd, real);
}

static int do_truncate(int fd, off64_t length) {
    REAL("ftruncate64", int, int, off64_t);
    char path[4096];
    if (!path_of(fd, path, sizeof path) || !is_database(path)) return real(fd, length);
    pthread_mutex_lock(&gate);
    int fails = strikes(WRITE);
    int done = fails ? -1 : real(fd, length);
    if (done == 0 && is_traced(path)) record('T', path, (uint64_t)length, NULL, 0);
    pthread_mutex_unlock(&gate);
    if (fails) errno = failure;
    return done;
}

int ftruncate(int fd, off_t length) { return do_truncate(fd, length); }
int ftruncate64(int fd, off64_t length) { return do_truncate(fd, length); }

int unlink(const char *path) {
    REAL("unlink", int, const char *);
    if (!is_traced(path)) return real(path);
    pthread_mutex_lock(&gate);
    int done = real(path);
    if (done == 0) record('U', path, 0, NULL, 0);
    pthread_mutex_unlock(&gate);
    return done;
}

static int do_open(const char *path, int flags, mode_t mode) {
    if (!(flags & O_CREAT) || !is_traced(path)) return plain_open(path, flags, mode);
    pthread_mutex_lock(&gate);
    int is_new = access(path, F_OK) != 0;
    int fd = plain_open(path, flags, mode);
    if (fd >= 0 && is_new) record('C', path, 0, NULL, 0);
    else if (fd >= 0 && (flags & O_TRUNC)) record('T', path, 0, NULL, 0);
    pthread_mutex_unlock(&gate);
    return fd;
}

static mode_t mode_of(int flags, va_list rest) { return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; }

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return do_open(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return do_open(path, flags | O_LARGEFILE, mode);
}
