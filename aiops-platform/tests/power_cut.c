/* Remembers what a program made durable: at each fsync or fdatasync of a file in POWER_FOLDER its content goes to
   POWER_SHADOW, into a file named by its inode. What lies there is what a power cut leaves of a disk that keeps only what
   it must. Names of files are taken as kept.

   Loaded with LD_PRELOAD. A file is read through the descriptor at hand: another one, closed again, would end the locks
   that the program holds on it. Disks are not waited for: nobody cuts the real power. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int copy(int from, int to) {
    char piece[65536];
    ssize_t got;
    off_t at = 0;
    for (; (got = pread(from, piece, sizeof piece, at)) > 0; at += got)
        if (write(to, piece, got) != got) abort();
    return got < 0 ? -1 : 0;
}

static void remember(int descriptor) {
    const char *folder = getenv("POWER_FOLDER"), *shadow = getenv("POWER_SHADOW");
    char link[64], path[PATH_MAX], kept[PATH_MAX], fresh[PATH_MAX + 32];
    struct stat about;

    if (!folder || !shadow || fstat(descriptor, &about) || !S_ISREG(about.st_mode)) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return;
    path[length] = 0;
    if (strncmp(path, folder, strlen(folder)) || path[strlen(folder)] != '/') return;

    snprintf(kept, sizeof kept, "%s/%lu", shadow, (unsigned long)about.st_ino);
    snprintf(fresh, sizeof fresh, "%s.%ld", kept, (long)syscall(SYS_gettid));
    int to = open(fresh, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (to < 0) abort();
    if (copy(descriptor, to)) {
        /* Opened for writing only, so it is no database, and nobody locks it. */
        int from = open(path, O_RDONLY);
        if (from < 0 || copy(from, to)) abort();
        close(from);
    }
    close(to);
    if (rename(fresh, kept)) abort();
}

int fsync(int descriptor) {
    remember(descriptor);
    return 0;
}

int fdatasync(int descriptor) {
    remember(descriptor);
    return 0;
}
