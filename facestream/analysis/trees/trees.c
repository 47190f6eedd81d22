/* The ensemble of regression trees of Kazemi and Sullivan (2014), evaluated as dlib's shape_predictor does.
 *
 * The same arithmetic, with leaves in 16 bits, so the points are nearly always those of dlib before it rounds them to
 * whole pixels. It is faster because the leaves lie in one block of memory, in half of the bytes, and are requested
 * before they are needed. Python's lock is free meanwhile (ctypes releases it).
 *
 * forest.py checks every index before, so nothing outside the arrays is read, whatever the image and the box are.
 */

#include <stdint.h>

enum { POINTS = 68, VALUES = 2 * POINTS, MAX_TREES = 512, MAX_PIXELS = 512, NODES = 16, DEPTH = 4, LINE = 64 };
/* A split in 32 bits, so that a tree is one line of the cache: the pixel that is compared, the one it is compared with,
 * and by how much more the first must be lighter to go left, plus 256. */
enum { PIXEL_BITS = 9, PIXEL_MASK = 511, THRESHOLD_BIAS = 256 };
/* The value v of a leaf with the exponent e stands for (v - LEAF_ZERO) << 2 * e steps, e in 0..3. So the sums are whole
 * numbers and exact in 32 bits: MAX_TREES * 65535 << 6 is less than 1 << 32. */
enum { LEAF_ZERO = 32768, EXPONENT_BITS = 2, EXPONENT_MASK = 3 };
/* Leaves that are added together. Four have 20 lines, which is about how many a core can wait for at the same time. */
enum { GROUP = 4 };

struct forest {
    int32_t cascades, trees, pixels;
    const float *initial;    /* (VALUES) x and y of each point; the box of the face is 0..1 */
    const uint32_t *splits;  /* (cascades, trees, NODES), the last of NODES has the exponents of the 16 leaves */
    const uint16_t *leaves;  /* (cascades, trees, 1 << DEPTH, VALUES) what is added to the points, in steps */
    const float *steps;      /* (cascades, VALUES) in sides of the box */
    const uint16_t *anchor;  /* (cascades, pixels) the point near which a pixel is read */
    const float *offset;     /* (cascades, pixels, 2) from that point, for the mean face */
};

struct image {
    const uint8_t *gray;
    int64_t stride;          /* bytes from row to row */
    int32_t width, height;
};

/* Of the face, in pixels; a side is the width or the height minus 1, as dlib counts. */
struct box {
    double left, top, side_x, side_y;
};

static int32_t rounded(double value)
{
    /* floor(value + 0.5); the caller has checked the range. */
    value += 0.5;
    int32_t whole = (int32_t)value;
    return whole - (value < whole);
}

/* The mean face around its middle, and the sum of its squares: the same for all cascades. */
struct mean_face {
    double x[POINTS], y[POINTS], size;
};

static void center(const float *initial, struct mean_face *mean)
{
    double mean_x = 0, mean_y = 0;
    for (int i = 0; i < POINTS; i++) {
        mean_x += initial[2 * i];
        mean_y += initial[2 * i + 1];
    }
    mean_x /= POINTS, mean_y /= POINTS, mean->size = 0;
    for (int i = 0; i < POINTS; i++) {
        double x = mean->x[i] = initial[2 * i] - mean_x, y = mean->y[i] = initial[2 * i + 1] - mean_y;
        mean->size += x * x + y * y;
    }
}

/* Rotation and scale, as a complex number, that turn the mean face into these points: the least-squares similarity of
 * Umeyama (1991), which in two dimensions has a closed form. */
static void similarity(const struct mean_face *mean, const float *points, float *real, float *imaginary)
{
    double to_x = 0, to_y = 0, dot = 0, cross = 0;
    for (int i = 0; i < POINTS; i++) {
        to_x += points[2 * i];
        to_y += points[2 * i + 1];
    }
    to_x /= POINTS, to_y /= POINTS;
    for (int i = 0; i < POINTS; i++) {
        double u = points[2 * i] - to_x, v = points[2 * i + 1] - to_y;
        dot += mean->x[i] * u + mean->y[i] * v;
        cross += mean->x[i] * v - mean->y[i] * u;
    }
    *real = (float)(mean->size > 0 ? dot / mean->size : 1);
    *imaginary = (float)(mean->size > 0 ? cross / mean->size : 0);
}

/* The gray levels that a cascade compares, at the places where the present points have them; 0 outside the image. */
static void read_pixels(const struct forest *forest, const struct image *image, const struct box *box, int cascade,
                        const struct mean_face *mean, const float *points, int *lightness)
{
    float real, imaginary;
    similarity(mean, points, &real, &imaginary);
    const uint16_t *anchor = forest->anchor + (int64_t)cascade * forest->pixels;
    const float *offset = forest->offset + (int64_t)cascade * forest->pixels * 2;
    for (int i = 0; i < forest->pixels; i++) {
        float x = real * offset[2 * i] - imaginary * offset[2 * i + 1];
        float y = imaginary * offset[2 * i] + real * offset[2 * i + 1];
        double column = (double)(x + points[2 * anchor[i]]) * box->side_x + box->left;
        double row = (double)(y + points[2 * anchor[i] + 1]) * box->side_y + box->top;
        lightness[i] = 0;
        /* Also false for what is not a number. */
        if (column >= -0.5 && column < image->width && row >= -0.5 && row < image->height) {
            /* Compared when rounded: the largest number below 0.5, plus 0.5, is 1. */
            int32_t across = rounded(column), down = rounded(row);
            if (across < image->width && down < image->height)
                lightness[i] = image->gray[down * image->stride + across];
        }
    }
}

/* The leaf that a tree leads to, 0..15. */
static int leaf_of(const uint32_t *tree, const int *lightness)
{
    int node = 0;
    for (int depth = 0; depth < DEPTH; depth++) {
        uint32_t split = tree[node];
        int first = lightness[split & PIXEL_MASK], second = lightness[split >> PIXEL_BITS & PIXEL_MASK];
        node = 2 * node + 2 - (first - second > (int)(split >> 2 * PIXEL_BITS) - THRESHOLD_BIAS);
    }
    return node - (NODES - 1);
}

struct leaf {
    const uint16_t *values;
    int shift;
};

struct group {
    int count;
    struct leaf leaves[GROUP];
};

/* Adds COUNT values of each leaf to the sums. A constant COUNT keeps the sums in registers. */
#define ADD_VALUES(sums, group, from, COUNT)                                                \
    do {                                                                                    \
        uint32_t part[COUNT];                                                               \
        for (int j = 0; j < (COUNT); j++)                                                   \
            part[j] = (sums)[(from) + j];                                                   \
        for (int i = 0; i < (group)->count; i++)                                            \
            for (int j = 0; j < (COUNT); j++)                                               \
                part[j] += (uint32_t)(group)->leaves[i].values[(from) + j] << (group)->leaves[i].shift; \
        for (int j = 0; j < (COUNT); j++)                                                   \
            (sums)[(from) + j] = part[j];                                                   \
    } while (0)

static void add_group(const struct group *group, uint32_t *sums)
{
    ADD_VALUES(sums, group, 0, 32);
    ADD_VALUES(sums, group, 32, 32);
    ADD_VALUES(sums, group, 64, 32);
    ADD_VALUES(sums, group, 96, 32);
    ADD_VALUES(sums, group, 128, 8);
}

/* Adds one leaf of each tree to the points. */
static void add_leaves(const struct forest *forest, int cascade, const int *lightness, float *points)
{
    const int trees = forest->trees;
    const uint32_t *splits = forest->splits + (int64_t)cascade * trees * NODES;
    const uint16_t *leaves = forest->leaves + (int64_t)cascade * trees * NODES * VALUES;
    const float *steps = forest->steps + (int64_t)cascade * VALUES;
    uint32_t sums[VALUES] = {0}, zero = 0;
    struct group groups[2] = {{0}};

    /* A group is added while the leaves of the next one are on their way; the one after the last is empty. */
    for (int t = 0; t < trees + GROUP; t += GROUP) {
        struct group *next = &groups[t / GROUP % 2], *arrived = &groups[1 - t / GROUP % 2];
        next->count = 0;
        for (int i = t; i < t + GROUP && i < trees; i++) {
            const uint32_t *tree = splits + i * NODES;
            int which = leaf_of(tree, lightness);
            const uint16_t *values = leaves + ((int64_t)i * NODES + which) * VALUES;
            for (int byte = 0; byte < (int)(VALUES * sizeof *values); byte += LINE)
                __builtin_prefetch((const char *)values + byte);
            int shift = EXPONENT_BITS * (int)(tree[NODES - 1] >> EXPONENT_BITS * which & EXPONENT_MASK);
            next->leaves[next->count++] = (struct leaf){values, shift};
            zero += (uint32_t)LEAF_ZERO << shift;
        }
        add_group(arrived, sums);
    }
    for (int j = 0; j < VALUES; j++)
        points[j] += (float)(int32_t)(sums[j] - zero) * steps[j];
}

/* From sides of the box to pixels of the image; a point that no pixel is near becomes 0. */
static void place(const struct box *box, const float *points, float *landmarks)
{
    for (int i = 0; i < POINTS; i++) {
        double x = points[2 * i] * box->side_x + box->left, y = points[2 * i + 1] * box->side_y + box->top;
        int fits = x > -1e9 && x < 1e9 && y > -1e9 && y < 1e9;
        landmarks[2 * i] = fits ? (float)x : 0;
        landmarks[2 * i + 1] = fits ? (float)y : 0;
    }
}

/* The landmarks of the face in a box, in fractions of a pixel: dlib's are these, rounded. */
void predict(const struct forest *forest, const struct image *image, double left, double top, double side_x,
             double side_y, float *landmarks)
{
    float points[VALUES];
    int lightness[MAX_PIXELS];
    const struct box box = {left, top, side_x, side_y};
    struct mean_face mean;

    center(forest->initial, &mean);
    for (int j = 0; j < VALUES; j++)
        points[j] = forest->initial[j];
    for (int c = 0; c < forest->cascades; c++) {
        read_pixels(forest, image, &box, c, &mean, points, lightness);
        add_leaves(forest, c, lightness, points);
    }
    place(&box, points, landmarks);
}

/* Reads dlib's packed numbers: a byte with the count of bytes that follow (low four bits) and the sign (highest bit),
 * then the value, the least significant byte first. Returns how many there are; -1 for a file that ends within one, or
 * has one beyond 31 bits, which no landmark file has: the parts of a float are an integer of 24 bits and an exponent. */
int64_t unpack(const uint8_t *packed, int64_t size, int32_t *numbers, int64_t most)
{
    int64_t count = 0;
    for (int64_t at = 0; at < size; count++) {
        int bytes = packed[at] & 15, negative = packed[at] & 128;
        uint64_t value = 0;
        if (count >= most || bytes > 8 || at + 1 + bytes > size)
            return -1;
        for (int i = 0; i < bytes; i++)
            value |= (uint64_t)packed[at + 1 + i] << (8 * i);
        if (value > INT32_MAX)
            return -1;
        numbers[count] = negative ? -(int32_t)value : (int32_t)value;
        at += 1 + bytes;
    }
    return count;
}
