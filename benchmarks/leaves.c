/* The trees with their leaves on principal components, in 16 bits: for benchmarks/analysis_leaves.py, never shipped.
 *
 * A leaf is a mean, the same for all leaves of a cascade, and a sum of components. So the coefficients of all trees are
 * added up, and only the sum is turned into points.
 */

#include "trees.c"

enum { MOST_COMPONENTS = VALUES };

struct projected {
    int32_t components;
    const _Float16 *coefficients; /* (cascades, trees, NODES, components) */
    const float *basis;           /* (cascades, components, VALUES) */
    const float *means;           /* (cascades, VALUES), of all trees of the cascade together */
};

void predict_projected(const struct forest *forest, const struct projected *leaves, const struct image *image,
                       double left, double top, double side_x, double side_y, float *landmarks)
{
    float points[VALUES], sums[MOST_COMPONENTS];
    int lightness[MAX_PIXELS];
    const _Float16 *chosen[MAX_TREES];
    const struct box box = {left, top, side_x, side_y};
    const int trees = forest->trees, components = leaves->components;
    struct mean_face mean;

    center(forest->initial, &mean);
    for (int j = 0; j < VALUES; j++)
        points[j] = forest->initial[j];
    for (int c = 0; c < forest->cascades; c++) {
        read_pixels(forest, image, &box, c, &mean, points, lightness);
        for (int t = 0; t < trees; t++) {
            int64_t tree = (int64_t)c * trees + t;
            chosen[t] = leaves->coefficients + (tree * NODES + leaf_of(forest->splits + tree * NODES, lightness)) * components;
            for (int byte = 0; byte < components * 2; byte += LINE)
                __builtin_prefetch((const char *)chosen[t] + byte);
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
