// The one pool of threads. They start at the first parallel call, wait for the next job awake for a moment and asleep after that, and do not
// exist in a forked child until it has a job of its own. One job runs at a time: who comes while one runs, or from inside one, works alone.
// Meanwhile Python's lock is free, and between pieces the caller looks for signals, four times a second.
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

enum { THREADS = 256, AWAKE = 1500 };  // AWAKE: pauses of some 40 ns
#ifdef CLOCK_MONOTONIC_COARSE
#define CLOCK CLOCK_MONOTONIC_COARSE
#else
#define CLOCK CLOCK_MONOTONIC
#endif

static int wanted = 1, started = 0;
static atomic_long generation, open_job, inside, sleepers;
static atomic_int busy;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static __thread int working;

static struct { Body body; void *context; i64 items, grain; int threads; atomic_llong next; } job;

INLINE void breathe(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void *(*release)(void);
static void (*acquire)(void *);
static int (*signals)(void);
int pool_interrupted;  // read and written under Python's lock, which is not given away between a signal's exception and the kernel's end
static __thread void *python;  // what Python's lock is taken back with, while this thread has let go of it
static __thread int worker;

void *pool_release(void) { return python = release(); }

void pool_acquire(UNUSED void *state) {
    void *mine = python;
    if (!mine) return;  // an interrupted kernel has it
    python = 0;
    acquire(mine);
}

static i64 now(void) {  // in ms
    struct timespec t;
    clock_gettime(CLOCK, &t);
    return (i64)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// Whether a signal's handler has raised an exception: the rest is left. `next`: when to look again.
static int stopped(i64 *next) {
    if (worker) return 0;
    if (!python) return 1;
    if (LIKELY(now() < *next)) return 0;
    pool_acquire(0);
    if (signals()) return pool_interrupted = 1;
    pool_release();
    *next = now() + 250;
    return 0;
}

// `next`: null where all has to be done.
static void work(i64 *next) {
    for (;;) {
        if (next && stopped(next)) { atomic_store(&job.next, job.items); return; }
        const i64 begin = atomic_fetch_add(&job.next, job.grain);
        if (begin >= job.items) return;
        job.body(job.context, begin, begin + job.grain < job.items ? begin + job.grain : job.items);
    }
}

static void *life(void *number) {
    long seen = 0;
    working = worker = 1;
    for (;;) {
        for (int i = 0; i < AWAKE && atomic_load(&generation) == seen; ++i) breathe();
        if (atomic_load(&generation) == seen) {
            pthread_mutex_lock(&lock);
            atomic_fetch_add(&sleepers, 1);
            while (atomic_load(&generation) == seen) pthread_cond_wait(&wake, &lock);
            atomic_fetch_sub(&sleepers, 1);
            pthread_mutex_unlock(&lock);
        }
        seen = atomic_load(&generation);
        atomic_fetch_add(&inside, 1);
        if (atomic_load(&open_job) == seen && (i64)(intptr_t)number < job.threads) work(0);
        atomic_fetch_sub(&inside, 1);
    }
    return 0;
}

// Have so many threads, the calling one included; how many there are.
static int start(int threads) {
    while (started < threads - 1) {
        pthread_t made;
        pthread_attr_t how;
        pthread_attr_init(&how);
        pthread_attr_setdetachstate(&how, PTHREAD_CREATE_DETACHED);
        const int failed = pthread_create(&made, &how, life, (void *)(intptr_t)(started + 1));
        pthread_attr_destroy(&how);
        if (failed) return started + 1;
        ++started;
    }
    return threads;
}

static void (*blas_threads)(int);
static atomic_int forked;

// Held by each product by OpenBLAS, and alone by a fork: OpenBLAS, which ends its threads before a fork and begins anew after it, is not made for
// one during a product.
static pthread_rwlock_t products = PTHREAD_RWLOCK_INITIALIZER;

// Who waits to be alone comes before the next product.
static void new_lock(void) {
    pthread_rwlockattr_t how;
    pthread_rwlockattr_init(&how);
#ifdef __GLIBC__
    pthread_rwlockattr_setkind_np(&how, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
#endif
    pthread_rwlock_init(&products, &how);
    pthread_rwlockattr_destroy(&how);
}
static void before_fork(void) { pthread_rwlock_wrlock(&products); }
static void after_fork(void) { pthread_rwlock_unlock(&products); }

// In a forked child: nobody is there, and nothing is held.
static void alone_again(void) {
    started = 0, forked = 1;
    atomic_store(&inside, 0), atomic_store(&sleepers, 0), atomic_store(&open_job, 0), atomic_store(&busy, 0);
    new_lock();
    pthread_mutex_init(&lock, 0);
    pthread_cond_init(&wake, 0);
}

void pool_init(void (*tell_blas)(int), void *(*python_release)(void), void (*python_acquire)(void *), int (*python_signals)(void)) {
    new_lock();
    release = python_release, acquire = python_acquire, signals = python_signals;
    blas_threads = tell_blas;
    pthread_atfork(before_fork, after_fork, alone_again);
}

void pool_set(int n) {
    wanted = n < 1 ? 1 : n > THREADS ? THREADS : n;
    if (!blas_threads) return;
    pthread_rwlock_wrlock(&products);
    blas_threads(forked ? 1 : wanted);
    pthread_rwlock_unlock(&products);
}

// Around a product by OpenBLAS. In a forked child it has one thread: its lock for several may have been held by a program's own product when the
// process was forked, and is then for ever.
void pool_begin_product(void) {
    int once = 1;
    pthread_rwlock_rdlock(&products);
    if (forked && atomic_compare_exchange_strong(&forked, &once, 2) && blas_threads) blas_threads(1);
}

void pool_end_product(void) { pthread_rwlock_unlock(&products); }
int pool_get(void) { return wanted; }

// `threads`: how many there are, which must not change while jobs may wait for each other.
static void run_job(i64 items, i64 grain, Body body, void *context, int threads, i64 *next) {
    job.threads = threads, job.body = body, job.context = context, job.items = items, job.grain = grain;
    atomic_store(&job.next, 0);
    working = 1;
    const long mine = atomic_load(&generation) + 1;
    atomic_store(&open_job, mine);
    atomic_store(&generation, mine);
    if (atomic_load(&sleepers)) {
        pthread_mutex_lock(&lock);
        pthread_cond_broadcast(&wake);
        pthread_mutex_unlock(&lock);
    }
    work(next);
    atomic_store(&open_job, 0);
    for (int i = 0; atomic_load(&inside); ++i) {
        if (i < AWAKE) breathe();
        else sched_yield();
    }
    working = 0;
}

// Have body(context, begin, end) called for all of 0 ... items, `grain` at a time, by the threads there are. Returns when all is done.
void pool_run(i64 items, i64 grain, Body body, void *context) {
    int free_ = 0;
    const int locked = !worker && !python;
    if (locked && pool_interrupted) return;
    if (locked) pool_release();
    i64 next = now() + 250;
    if (wanted == 1 || items <= grain || working || !atomic_compare_exchange_strong(&busy, &free_, 1)) {
        for (i64 i = 0; i < items && !stopped(&next); i += grain) body(context, i, i + grain < items ? i + grain : items);
    } else {
        run_job(items, grain, body, context, start(wanted), &next);
        atomic_store(&busy, 0);
    }
    if (locked) pool_acquire(0);
}

// NumPy's OpenBLAS has its products shared by these threads too. Its jobs wait for each other, so that all of them have to run at once: by the
// pool where it is free and large enough, else by threads that are made for the call.
typedef void (*Job)(int number, void *data, int more);
typedef struct { Job job; char *data; size_t width; int more; } Jobs;
typedef struct { Jobs *jobs; int number; } One;

static void job_pieces(void *context, i64 begin, i64 end) {
    Jobs *jobs = context;
    for (i64 i = begin; i < end; ++i) jobs->job((int)i, jobs->data + i * jobs->width, jobs->more);
}

static void *job_alone(void *context) {
    One *one = context;
    job_pieces(one->jobs, one->number, one->number + 1);
    return 0;
}

void pool_blas(UNUSED int wait, Job job, int n, size_t width, void *data, int more) {
    Jobs jobs = {job, data, width, more};
    int free_ = 0;
    if (n == 1) { job_pieces(&jobs, 0, 1); return; }
    if (!working && n <= wanted && atomic_compare_exchange_strong(&busy, &free_, 1)) {
        const int enough = start(n) >= n;
        if (enough) run_job(n, 1, job_pieces, &jobs, n, 0);
        atomic_store(&busy, 0);
        if (enough) return;
    }
    pthread_t *threads = malloc(n * (sizeof(pthread_t) + sizeof(One)));
    One *ones = (One *)(threads + n);
    for (int i = 1; i < n; ++i) {
        ones[i] = (One){&jobs, i};
        while (pthread_create(&threads[i], 0, job_alone, &ones[i])) sched_yield();
    }
    job_pieces(&jobs, 0, 1);
    for (int i = 1; i < n; ++i) pthread_join(threads[i], 0);
    free(threads);
}
