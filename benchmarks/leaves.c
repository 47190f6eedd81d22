/* The trees with other leaves than trees.c has: for benchmarks/analysis_leaves.py, never shipped. */

#include "trees.c"

enum { CLASSES = 1 << EXPONENT_BITS, MOST_OF_BYTES = 256, MOST_COMPONENTS = VALUES };

/* Adds COUNT values of each row to the sums, in the order of the rows. */
#define ADD_ROWS(type, sums, rows, count, from, COUNT)        \
    do {                                                      \
        type part[COUNT];                                     \
        for (int j = 0; j < (COUNT); j++)                     \
            part[j] = (sums)[(from) + j];                     \
        for (int i = 0; i < (count); i++)                     \
            for (int j = 0; j < (COUNT); j++)                 \
                part[j] += (rows)[i][(from) + j];             \
        for (int j = 0; j < (COUNT); j++)                     \
            (sums)[(from) + j] = part[j];                     \
    } while (0)

#define START                                                 \
    float points[VALUES];                                     \
    int lightness[MAX_PIXELS];                                \
    const struct box box = {left, top, side_x, side_y};       \
    const int trees = forest->trees;                          \
    struct mean_face mean;                                    \
    center(forest->initial, &mean);                           \
    for (int j = 0; j < VALUES; j++)                          \
        points[j] = forest->initial[j]

static void request(const void *leaf, int bytes)
{
    for (int byte = 0; byte < bytes; byte += LINE)
        __builtin_prefetch((const char *)leaf + byte);
}

/* The number of the leaf that a tree of a cascade leads to, among all leaves of all cascades. */
static int64_t number_of_leaf(const struct forest *forest, int cascade, int tree, const int *lightness)
{
    int64_t at = ((int64_t)cascade * forest->trees + tree) * NODES;
    return at + leaf_of(forest->splits + at, lightness);
}

/* The leaves as they are in dlib's file, in 32 bits, added in the order of the trees: as the server predicted until
 * November 2026. Rounded to whole pixels, the points are dlib's. */
void predict_floats(const struct forest *forest, const float *leaves, const struct image *image, double left,
                    double top, double side_x, double side_y, float *landmarks)
{
    const float *chosen[MAX_TREES];
    START;
    for (int c = 0; c < forest->cascades; c++) {
        read_pixels(forest, image, &box, c, &mean, points, lightness);
        for (int t = 0; t < trees; t++) {
            chosen[t] = leaves + number_of_leaf(forest, c, t, lightness) * VALUES;
            request(chosen[t], VALUES * sizeof(float));
        }
        ADD_ROWS(float, points, chosen, trees, 0, 32);
        ADD_ROWS(float, points, chosen, trees, 32, 32);
        ADD_ROWS(float, points, chosen, trees, 64, 32);
        ADD_ROWS(float, points, chosen, trees, 96, 32);
        ADD_ROWS(float, points, chosen, trees, 128, 8);
    }
    place(&box, points, landmarks);
}

struct bytes {
    const uint8_t *leaves;   /* (cascades, trees, NODES, VALUES), 128 stands for 0 */
    const uint8_t *classes;  /* (cascades, trees, NODES), 0..3 */
    const float *steps;      /* (cascades, CLASSES, VALUES) */
};

/* Leaves in 8 bits with one of four steps; those with the same step are added together. */
void predict_bytes(const struct forest *forest, const struct bytes *bytes, const struct image *image, double left,
                   double top, double side_x, double side_y, float *landmarks)
{
    const uint8_t *chosen[CLASSES][MAX_TREES];
    START;
    for (int c = 0; c < forest->cascades; c++) {
        int counts[CLASSES] = {0};
        read_pixels(forest, image, &box, c, &mean, points, lightness);
        for (int t = 0; t < trees; t++) {
            int64_t leaf = number_of_leaf(forest, c, t, lightness);
            int class = bytes->classes[leaf];
            chosen[class][counts[class]++] = bytes->leaves + leaf * VALUES;
            request(bytes->leaves + leaf * VALUES, VALUES);
        }
        for (int class = 0; class < CLASSES; class++)
            for (int start = 0; start < counts[class]; start += MOST_OF_BYTES) {
                const float *steps = bytes->steps + (c * CLASSES + class) * VALUES;
                const uint8_t **rows = chosen[class] + start;
                int count = counts[class] - start < MOST_OF_BYTES ? counts[class] - start : MOST_OF_BYTES;
                uint16_t sums[VALUES] = {0};
                ADD_ROWS(uint16_t, sums, rows, count, 0, 64);
                ADD_ROWS(uint16_t, sums, rows, count, 64, 64);
                ADD_ROWS(uint16_t, sums, rows, count, 128, 8);
                for (int j = 0; j < VALUES; j++)
                    points[j] += (float)(sums[j] - 128 * count) * steps[j];
            }
    }
    place(&box, points, landmarks);
}

struct projected {
    int32_t components;
    const _Float16 *coefficients; /* (cascades, trees, NODES, components) */
    const float *basis;           /* (cascades, components, VALUES) */
    const float *means;           /* (cascades, VALUES), of all trees of the cascade together */
};

/* Leaves on principal components, in 16 bits. A leaf is a mean, the same for all leaves of a cascade, and a sum of
 * components: so the coefficients of all trees are added up, and only the sum is turned into points. */
void predict_projected(const struct forest *forest, const struct projected *leaves, const struct image *image,
                       double left, double top, double side_x, double side_y, float *landmarks)
{
    const _Float16 *chosen[MAX_TREES];
    float sums[MOST_COMPONENTS];
    const int components = leaves->components;
    START;
    for (int c = 0; c < forest->cascades; c++) {
        read_pixels(forest, image, &box, c, &mean, points, lightness);
        for (int t = 0; t < trees; t++) {
            chosen[t] = leaves->coefficients + number_of_leaf(forest, c, t, lightness) * components;
            request(chosen[t], components * sizeof(_Float16));
        }
        for (int k = 0; k < components; k++)
            sums[k] = 0;
        for (int t = 0; t < trees; t++)
            for (int k = 0; k < components; k++)
                sums[k] += (float)chosen[t][k];
        const float *means = leaves->means + c * VALUES, *basis = leaves->basis + (int64_t)c * components * VALUES;
        for (int j = 0; j < VALUES; j++)
            points[j] += means[j];
        for (int k = 0; k < components; k++)
            for (int j = 0; j < VALUES; j++)
                points[j] += sums[k] * basis[k * VALUES + j];
    }
    place(&box, points, landmarks);
}
