#pragma once
/// The templates of Eigen that most files of this project would instantiate again, each of them once.
///
/// A product of two matrices takes gcc seconds, wherever it is written; a decomposition more. This header declares
/// their inner loops, for matrices of double, as instantiated elsewhere (`extern template`): in eigen_instances.cpp.
/// What is computed stays the same.
///
/// It is part of the precompiled header of our own targets, which all share one set of flags, and no public header
/// includes it: the names are Eigen's own (3.4) and depend on the instruction set. Without it everything compiles, only
/// slower.

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <Eigen/QR>

#ifndef JKO_EIGEN_INSTANCE
#define JKO_EIGEN_INSTANCE extern template
#endif

#if EIGEN_WORLD_VERSION == 3 && EIGEN_MAJOR_VERSION == 4
namespace Eigen {
namespace internal {

using InstanceTraits = gebp_traits<double, double>;
using InstanceMapper = blas_data_mapper<double, Index, ColMajor>;
template <int StorageOrder>
using InstanceConstMapper = const_blas_data_mapper<double, Index, StorageOrder>;

// Products of matrices.
JKO_EIGEN_INSTANCE struct gebp_kernel<double, double, Index, InstanceMapper, InstanceTraits::mr, InstanceTraits::nr,
                                      false, false>;
JKO_EIGEN_INSTANCE struct general_matrix_matrix_product<Index, double, ColMajor, false, double, ColMajor, false,
                                                        ColMajor, 1>;
JKO_EIGEN_INSTANCE struct general_matrix_matrix_product<Index, double, ColMajor, false, double, RowMajor, false,
                                                        ColMajor, 1>;
JKO_EIGEN_INSTANCE struct general_matrix_matrix_product<Index, double, RowMajor, false, double, ColMajor, false,
                                                        ColMajor, 1>;
JKO_EIGEN_INSTANCE struct general_matrix_matrix_product<Index, double, RowMajor, false, double, RowMajor, false,
                                                        ColMajor, 1>;

// Products of a matrix and a vector, each with its own and with strided memory.
JKO_EIGEN_INSTANCE struct general_matrix_vector_product<Index, double, InstanceConstMapper<ColMajor>, ColMajor, false,
                                                        double, InstanceConstMapper<RowMajor>, false, 0>;
JKO_EIGEN_INSTANCE struct general_matrix_vector_product<Index, double, InstanceConstMapper<RowMajor>, RowMajor, false,
                                                        double, InstanceConstMapper<ColMajor>, false, 0>;
JKO_EIGEN_INSTANCE struct general_matrix_vector_product<Index, double, InstanceConstMapper<RowMajor>, RowMajor, false,
                                                        double, InstanceConstMapper<ColMajor>, false, 1>;

// Triangular systems with many right-hand sides.
JKO_EIGEN_INSTANCE struct triangular_solve_matrix<double, Index, OnTheLeft, Lower, false, ColMajor, ColMajor, 1>;
JKO_EIGEN_INSTANCE struct triangular_solve_matrix<double, Index, OnTheLeft, Lower, false, RowMajor, ColMajor, 1>;
JKO_EIGEN_INSTANCE struct triangular_solve_matrix<double, Index, OnTheLeft, Lower | UnitDiag, false, ColMajor, ColMajor,
                                                  1>;
JKO_EIGEN_INSTANCE struct triangular_solve_matrix<double, Index, OnTheLeft, Upper, false, ColMajor, ColMajor, 1>;
JKO_EIGEN_INSTANCE struct triangular_solve_matrix<double, Index, OnTheLeft, Upper, false, RowMajor, ColMajor, 1>;
JKO_EIGEN_INSTANCE struct triangular_solve_matrix<double, Index, OnTheRight, Upper, false, RowMajor, ColMajor, 1>;

JKO_EIGEN_INSTANCE struct partial_lu_impl<double, ColMajor, int, Dynamic>;
JKO_EIGEN_INSTANCE Index llt_inplace<double, Lower>::unblocked(MatrixXd&);
JKO_EIGEN_INSTANCE Index llt_inplace<double, Lower>::blocked(MatrixXd&);
JKO_EIGEN_INSTANCE void tridiagonalization_inplace(MatrixXd&, VectorXd&);
JKO_EIGEN_INSTANCE void tridiagonalization_inplace(MatrixXd&, VectorXd&, VectorXd&, VectorXd&, bool);
JKO_EIGEN_INSTANCE ComputationInfo computeFromTridiagonal_impl(VectorXd&, VectorXd&, const Index, bool, MatrixXd&);

}  // namespace internal

JKO_EIGEN_INSTANCE class LLT<MatrixXd>;
JKO_EIGEN_INSTANCE LLT<MatrixXd>& LLT<MatrixXd>::compute(const EigenBase<MatrixXd>&);
JKO_EIGEN_INSTANCE class PartialPivLU<MatrixXd>;
JKO_EIGEN_INSTANCE class HouseholderQR<MatrixXd>;
JKO_EIGEN_INSTANCE class SelfAdjointEigenSolver<MatrixXd>;
JKO_EIGEN_INSTANCE SelfAdjointEigenSolver<MatrixXd>& SelfAdjointEigenSolver<MatrixXd>::compute(
    const EigenBase<MatrixXd>&, int);

}  // namespace Eigen
#endif
