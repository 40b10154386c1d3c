package Weir::Clock;

# A Redis whose clock can be set, and nobody else's: what asks the time in redis-server is preloaded.
#
#   my $clock = Weir::Clock->new;      # before Weir::Redis->new, which then starts with it
#   $clock->set(-60);                  # from now on it is 60 s behind
use v5.36;
use Weir::Base qw(folder);

my $source = <<~'END';
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <fcntl.h>
    #include <stdint.h>
    #include <stdlib.h>
    #include <sys/mman.h>
    #include <sys/time.h>
    #include <time.h>
    #include <unistd.h>

    static int64_t ahead_us(void)
    {
        static volatile int64_t *shared;
        if (!shared) {
            int fd = open(getenv("WEIR_TEST_CLOCK"), O_RDONLY);
            shared = mmap(NULL, sizeof(*shared), PROT_READ, MAP_SHARED, fd, 0);
            if (shared == MAP_FAILED)
                abort();
            close(fd);
        }
        return *shared;
    }

    int gettimeofday(struct timeval *tv, void *tz)
    {
        struct timespec ts;
        (void)tz;
        if (clock_gettime(CLOCK_REALTIME, &ts) != 0)
            return -1;
        tv->tv_sec = ts.tv_sec;
        tv->tv_usec = ts.tv_nsec / 1000;
        return 0;
    }

    int clock_gettime(clockid_t id, struct timespec *ts)
    {
        static int (*real)(clockid_t, struct timespec *);
        if (!real)
            real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
        int r = real(id, ts);
        if (r == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
            int64_t us = ts->tv_sec * (int64_t)1000000 + ts->tv_nsec / 1000 + ahead_us();
            ts->tv_sec = us / 1000000;
            ts->tv_nsec = us % 1000000 * 1000;
        }
        return r;
    }

    time_t time(time_t *t)
    {
        struct timespec ts;
        clock_gettime(CLOCK_REALTIME, &ts);
        if (t)
            *t = ts.tv_sec;
        return ts.tv_sec;
    }
    END

sub _write ($path, $bytes) {
    open my $file, '+>:raw', $path or die "$path: $!\n";
    print $file $bytes;
    close $file or die "$path: $!\n";
}

# Where its files go; the program of such a Redis is `program`.
sub in_folder ($class, $folder) {
    my ($self, $base) = (bless({}, $class), "$folder/clock");
    _write("$base.c", $source);
    system(($ENV{CC} // 'cc'), '-O1', '-shared', '-fPIC', '-o', "$base.so", "$base.c", '-ldl') == 0 or die "cc: $?\n";
    _write("$base.offset", pack 'q', 0);
    open $self->{offset}, '+<:raw', "$base.offset" or die "$base.offset: $!\n";
    my $server = $ENV{WEIR_REDIS_SERVER} // 'redis-server';
    _write("$base.server", qq{#!/bin/sh\nWEIR_TEST_CLOCK='$base.offset' LD_PRELOAD='$base.so' exec $server "\$@"\n});
    chmod 0755, "$base.server";
    $self->{program} = "$base.server";
    return $self;
}

sub new ($class) {
    my $self = $class->in_folder(folder());
    $ENV{WEIR_REDIS_SERVER} = $self->program;
    return $self;
}

sub program ($self) { return $self->{program} }

# Seconds ahead of the machine's clock; negative: behind.
sub set ($self, $seconds) {
    seek $self->{offset}, 0, 0;
    syswrite $self->{offset}, pack 'q', int 1e6 * $seconds;
}

1;
