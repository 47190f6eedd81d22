/* The ensemble of regression trees of Kazemi and Sullivan (2014), evaluated as dlib's shape_predictor does.
 *
 * The same arithmetic in the same order, so the points are those of dlib before it rounds them to whole pixels. It is
 * faster for two reasons: the leaves lie in one block of memory and are requested before they are needed, and Python's
 * lock is free meanwhile (ctypes releases it).
 *
 * forest.py checks every index before, so nothing outside the arrays is read, whatever the image and the box are.
 */

#include <stdint.h>

enum { POINTS = 68, VALUES = 2 * POINTS, MAX_TREES = 512, MAX_PIXELS = 512, NODES = 16, DEPTH = 4, LINE = 64 };
/* A split in 32 bits, so that a tree is one line of the cache: the pixel that is compared, the one it is compared with,
 * and by how much more the first must be lighter to go left, plus 256. */
enum { PIXEL_BITS = 9, PIXEL_MASK = 511, THRESHOLD_BIAS = 256 };

struct forest {
    int32_t cascades, trees, pixels;
    const float *initial;    /* (VALUES) x and y of each point; the box of the face is 0..1 */
    const uint32_t *splits;  /* (cascades, trees, NODES), the last of NODES is not used */
    const float *leaves;     /* (cascades, trees, 1 << DEPTH, VALUES) what is added to the points */
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

/* Adds COUNT values of each row to the sums, in the order of the rows. A constant COUNT keeps the sums in registers. */
#define ADD_ROWS(sums, rows, count, from, COUNT)              \
    do {                                                      \
        float part[COUNT];                                    \
        for (int j = 0; j < (COUNT); j++)                     \
            part[j] = (sums)[(from) + j];                     \
        for (int i = 0; i < (count); i++)                     \
            for (int j = 0; j < (COUNT); j++)                 \
                part[j] += (rows)[i][(from) + j];             \
        for (int j = 0; j < (COUNT); j++)                     \
            (sums)[(from) + j] = part[j];                     \
    } while (0)

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
    const float *chosen[MAX_TREES];
    const struct box box = {left, top, side_x, side_y};
    const int trees = forest->trees;
    struct mean_face mean;

    center(forest->initial, &mean);
    for (int j = 0; j < VALUES; j++)
        points[j] = forest->initial[j];
    for (int c = 0; c < forest->cascades; c++) {
        read_pixels(forest, image, &box, c, &mean, points, lightness);
        const uint32_t *splits = forest->splits + (int64_t)c * trees * NODES;
        const float *leaves = forest->leaves + (int64_t)c * trees * NODES * VALUES;
        for (int t = 0; t < trees; t++) {
            const float *leaf = leaves + ((int64_t)t * NODES + leaf_of(splits + t * NODES, lightness)) * VALUES;
            for (int byte = 0; byte < (int)(VALUES * sizeof(float)); byte += LINE)
                __builtin_prefetch((const char *)leaf + byte);
            chosen[t] = leaf;
        }
        ADD_ROWS(points, chosen, trees, 0, 32);
        ADD_ROWS(points, chosen, trees, 32, 32);
        ADD_ROWS(points, chosen, trees, 64, 32);
        ADD_ROWS(points, chosen, trees, 96, 32);
        ADD_ROWS(points, chosen, trees, 128, 8);
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
